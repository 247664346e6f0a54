// What the page itself must do, because it cannot wait for the program behind it: keep the place in a conversation, own
// the text that is being typed, move the focus, copy. It knows no message and decides nothing; everything it works on is
// marked in the page with data- attributes.
"use strict";
(() => {
  const visible = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

  // ---- appearance: the root carries the theme and the text size, so that everything (scroll bars, rem) follows
  const dress = (app) => {
    const root = document.documentElement;
    for (const name of ["theme", "text"]) {
      if (root.dataset[name] !== app.dataset[name]) root.dataset[name] = app.dataset[name] ?? "";
    }
  };

  // ---- a conversation keeps its place while messages come and go above and below
  const NEAR_END = 48, PUSH_AGAIN_MS = 500, FOUND_MS = 2000;
  const flows = new WeakSet();
  const tend = (flow) => {
    if (flows.has(flow)) return;
    flows.add(flow);
    let atEnd = true, anchor = null, placed = null, jumped = null;
    const toEnd = () => { flow.scrollTop = flow.scrollHeight; };
    const remember = () => {
      atEnd = flow.dataset.later !== "true" && flow.scrollHeight - flow.scrollTop - flow.clientHeight < NEAR_END;
      const top = flow.getBoundingClientRect().top;
      anchor = null;
      for (const element of flow.querySelectorAll("[data-row]")) {
        const box = element.getBoundingClientRect();
        if (box.bottom > top) { anchor = { element, top: box.top }; break; }
      }
    };
    // The reader wants to see one message: in the middle, and for a moment it stands out.
    const aim = () => {
      jumped = flow.dataset.jump;
      const row = flow.querySelector(`[data-id="${CSS.escape(flow.dataset.target)}"]`);
      if (!row) return false;
      row.scrollIntoView({ block: "center" });
      row.classList.remove("found");
      // Twice in a row it stands out twice.
      void row.offsetWidth;
      row.classList.add("found");
      setTimeout(() => row.classList.remove("found"), FOUND_MS);
      const inside = flow.contains(document.activeElement);
      stopAt(row.querySelector("[data-info]"));
      if (inside && stop) stop.focus({ preventScroll: true });
      return true;
    };
    const settle = () => {
      const aims = jumped !== flow.dataset.jump && flow.dataset.target;
      if (placed !== flow.dataset.opening) {
        if (!flow.querySelector("[data-row]")) return;
        placed = flow.dataset.opening;
        const divider = flow.querySelector("[data-divider]");
        if (aims && aim()) atEnd = false;
        else if (divider) divider.scrollIntoView({ block: "center" }); else toEnd();
        // The program learns where the reader stands also when there was nothing to scroll.
        requestAnimationFrame(() => flow.dispatchEvent(new Event("scroll")));
      } else if (aims && aim()) {
        atEnd = false;
      } else if (atEnd) {
        toEnd();
      } else if (anchor && anchor.element.isConnected) {
        flow.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
      }
      stopSomewhere();
      remember();
    };
    flow.addEventListener("scroll", remember, { passive: true });
    // At an edge nothing scrolls any more, so the program is not asked for more; but whoever pushes on wants what lies beyond.
    let pushed = { edge: null, at: 0, y: 0 };
    const push = (up) => {
      const rest = up ? flow.scrollTop : flow.scrollHeight - flow.scrollTop - flow.clientHeight;
      if (rest > 1) return;
      const rows = flow.querySelectorAll("[data-row]");
      const edge = rows[up ? 0 : rows.length - 1], now = performance.now();
      if (!edge || (edge === pushed.edge && now - pushed.at < PUSH_AGAIN_MS)) return;
      pushed = { ...pushed, edge, at: now };
      flow.dispatchEvent(new Event("scroll"));
    };
    flow.addEventListener("wheel", (event) => push(event.deltaY < 0), { passive: true });
    flow.addEventListener("touchstart", (event) => { pushed.y = event.touches[0].clientY; }, { passive: true });
    flow.addEventListener("touchmove", (event) => push(event.touches[0].clientY > pushed.y), { passive: true });
    // Reactions stand below their message.
    const messageOf = (it) => it.closest("[data-id]") ?? it.closest(".reactions")?.previousElementSibling ?? null;
    // Of all the messages one is a stop of the Tab key, the last unless the arrows have chosen another.
    let stop = null;
    const stopAt = (next) => {
      if (next === stop) return;
      if (stop) stop.tabIndex = -1;
      stop = next;
      if (stop) stop.tabIndex = 0;
    };
    const stopSomewhere = () => {
      if (stop && stop.isConnected && (stop === document.activeElement || document.querySelector("[role=menu]"))) return;
      stopAt([...flow.querySelectorAll("[data-info]")].pop() ?? null);
    };
    flow.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!(event.target instanceof Element) || !event.target.matches("[data-stop]")) return;
      // To the left and right lies what else there is in a message.
      const aside = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (aside) {
        const all = [...flow.querySelectorAll("[data-stop]")].filter((it) => messageOf(it) === messageOf(event.target));
        event.preventDefault();
        all[(all.indexOf(event.target) + aside + all.length) % all.length].focus();
        return;
      }
      if (!step) return;
      const here = messageOf(event.target)?.querySelector("[data-info]");
      const stops = [...flow.querySelectorAll("[data-info]")];
      const next = stops[stops.indexOf(here) + step];
      event.preventDefault();
      if (!next) return;
      stopAt(next);
      next.focus();
    });
    flow.addEventListener("keydown", (event) => {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) push(true);
      if (["ArrowDown", "PageDown", "End"].includes(event.key)) push(false);
    });
    new MutationObserver(settle).observe(flow, { childList: true, subtree: true, attributeFilter: ["data-opening", "data-jump"], attributes: true });
    new ResizeObserver(() => { if (atEnd) toEnd(); }).observe(flow);
    settle();
  };

  // ---- the text that is being typed belongs to the page
  const grow = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  };
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLTextAreaElement && event.target.dataset.grow) grow(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const area = event.target;
    const sends = area instanceof HTMLTextAreaElement && area.dataset.enter === "send";
    // While an input method composes a character, Enter belongs to it. A phone's Enter breaks the line.
    if (sends && event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229 && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      area.form?.requestSubmit();
    }
  }, true);
  document.addEventListener("submit", (event) => {
    // The program has read the form when this runs (it listens further in); the page goes nowhere.
    event.preventDefault();
    // When nobody is there to read it, the text stays.
    if (document.documentElement.dataset.lost) return;
    for (const area of event.target.querySelectorAll("[data-clear]")) {
      if (!area.value.trim()) continue;
      area.value = "";
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  // ---- copying
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Some web views have no clipboard of their own: through a selection, as in old times.
      const area = document.createElement("textarea");
      area.value = text;
      area.style.position = "fixed";
      area.style.opacity = "0";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
    return true;
  };
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    const source = button && document.getElementById(button.dataset.copy);
    // The program asks later what came of it: only the page's own hand on the click may touch the clipboard.
    if (source) globalThis.kithCopied = copy(source.value ?? source.textContent).catch(() => false);
  }, true);

  // ---- keyboard: Escape goes back, a dialog keeps the focus, a group of choices moves with the arrows (it is made of radios)
  let returnTo = null;
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const menu = document.querySelector("[role=menu]");
    const dialog = [...document.querySelectorAll("[role=dialog]")].pop();
    if (menu && (event.key === "Escape" || event.key === "Tab")) {
      event.preventDefault();
      menu.closest("[data-escape]")?.click();
    } else if (event.key === "Escape") {
      const way = [...(dialog ?? document).querySelectorAll("[data-escape]")].filter(visible).pop();
      if (way) { event.preventDefault(); way.click(); }
    } else if (event.key === "Tab" && dialog) {
      const stops = [...dialog.querySelectorAll("button, input, textarea, a[href]")].filter(visible);
      const at = stops.indexOf(document.activeElement);
      const next = event.shiftKey ? at - 1 : at + 1;
      event.preventDefault();
      stops.at((next + stops.length) % stops.length)?.focus();
    }
  });
  // Whoever chooses the conversation that is open wants to write there.
  document.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("[aria-current=true]") : null;
    const field = row && document.querySelector(".composer textarea");
    if (field && visible(field) && !field.closest("[inert]")) focusOn(field);
  });
  const focusOn = (element) => {
    // On a phone the keyboard would cover half of what was just opened.
    if (element.matches("textarea") && !matchMedia("(pointer: fine)").matches) return;
    element.focus({ preventScroll: true });
  };

  // Where the focus returns to: where it was, or, when a mouse has asked for the menu of a message, that message.
  const whereFrom = (layer) => {
    const at = document.activeElement;
    const message = document.querySelector(`[data-flow] [data-id="${CSS.escape(layer.dataset.for ?? "")}"] [data-info]`);
    return message && (at === document.body || at.matches("[data-flow], [data-menu]")) ? message : at;
  };

  // ---- whatever appears is looked after
  const seen = new WeakSet();
  const grown = new WeakSet();
  let focused = false;
  document.addEventListener("focusin", () => { focused = true; });
  const look = () => {
    const app = document.querySelector("[data-theme-app]");
    if (app) dress(app);
    document.querySelectorAll("[data-flow]").forEach(tend);
    for (const area of document.querySelectorAll("textarea[data-grow]")) {
      if (!grown.has(area)) { grown.add(area); grow(area); }
    }
    const wanted = [...document.querySelectorAll("[data-autofocus]")].filter((element) => !seen.has(element));
    wanted.forEach((element) => seen.add(element));
    // What was begun for a message leads into the field, on a phone too: whoever answers wants to write.
    const leads = [...document.querySelectorAll("[data-lead]")].filter((element) => !seen.has(element));
    leads.forEach((element) => seen.add(element));
    const dialog = document.querySelector("[role=dialog], [role=menu]");
    const target = wanted.filter(visible).pop();
    if (dialog && (dialog.matches("[role=menu]") || dialog.contains(target ?? null))) returnTo ??= whereFrom(dialog);
    const field = leads.length && !dialog ? leads.pop().closest("form")?.querySelector("textarea") : null;
    if (field) {
      returnTo = null;
      field.focus({ preventScroll: true });
      field.setSelectionRange(field.value.length, field.value.length);
    } else if (target) {
      focusOn(target);
    }
    // What had the focus is gone with what was left: the way goes on where the eye is.
    const lost = document.activeElement === document.body && matchMedia("(pointer: fine)").matches;
    if (!target && !field && !dialog && !returnTo && lost && focused) {
      const home = [...document.querySelectorAll("[aria-current=true], [data-home]")].filter(visible)[0];
      if (home) focusOn(home);
    }
    if (!dialog && returnTo) {
      if (returnTo.isConnected) returnTo.focus();
      returnTo = null;
    }
  };
  const begin = () => {
    new MutationObserver(look).observe(document.body, {
      childList: true, subtree: true, attributes: true, attributeFilter: ["data-theme", "data-text"],
    });
    look();
  };
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
