import { launch, open, SIZES, THEMES, PHONE } from "./lib/browser.mjs";
const out = "/work/run/look/mock";
const browser = await launch();
for (const file of ["page", "huge"]) for (const [size, viewport] of Object.entries(SIZES)) for (const theme of THEMES) {
  if (file === "huge" && theme === "dark") continue;
  const page = await open(browser, { size: viewport, theme });
  await page.goto(`file://${out}/${file}.html`);
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${out}/${file}-${size}-${theme}.png` });
  await page.locator("article").nth(file === "huge" ? 11 : 5).click({ button: "right", position: { x: 12, y: 12 } });
  await page.locator("[role=menu]").waitFor();
  await page.waitForTimeout(100);
  console.log(file, size, theme, await page.evaluate(() => document.activeElement.textContent), page.faults);
  await page.screenshot({ path: `${out}/${file}-${size}-${theme}-menu.png` });
  await page.keyboard.press("ArrowDown"); await page.keyboard.press("ArrowDown");
  console.log(await page.evaluate(() => document.activeElement.textContent));
  await page.keyboard.press("Escape");
  await page.waitForTimeout(100);
  console.log(await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120)), await page.evaluate(() => document.querySelectorAll(".chosen").length));
  if (size === "phone") {
    const touch = await page.context().newCDPSession(page);
    const box = await page.locator("article").nth(7).boundingBox();
    const s = { x: box.x + 30, y: box.y + 15 };
    const send = (type, p) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: p });
    await send("touchStart", [s]);
    for (let n = 1; n <= 8; n++) await send("touchMove", [{ x: s.x + n * 9, y: s.y }]);
    await page.screenshot({ path: `${out}/${file}-${size}-${theme}-swipe.png` });
    await send("touchEnd", []);
    await send("touchStart", [s]); await page.waitForTimeout(700);
    await send("touchEnd", []); await page.waitForTimeout(200);
    console.log("asked", await page.evaluate(() => asked.map((a) => a.slice(0, 6) + a.slice(-3))), await page.locator("[role=menu]").count());
  }
  await page.context().close();
}
await browser.close();
