// What the page does by itself in the list of chats: Ctrl+K leads into the field for looking things up, Escape empties it, the
// arrows move over what was found, and a finger that stays on a chat asks for its menu. It knows no chat.
"use strict";
(() => {
  /// A finger that stays so long asks for the menu; so far it may tremble.
  const PRESS_MS = 450, TREMBLE_PX = 10;
  const visible = (element) => element.offsetParent !== null || element.getClientRects().length > 0;
  const field = () => [...document.querySelectorAll("[data-quick]")].find(visible);
  const covered = () => document.querySelector("[role=dialog], [role=menu]");
  const empty = (quick) => {
    quick.value = "";
    quick.dispatchEvent(new Event("input", { bubbles: true }));
    quick.focus();
  };

  document.addEventListener("keydown", (event) => {
    const quick = field();
    if (event.isComposing || !quick || covered()) return;
    const plain = !event.altKey && !event.shiftKey;
    if ((event.ctrlKey || event.metaKey) && plain && event.key.toLowerCase() === "k") {
      event.preventDefault();
      quick.focus();
      quick.select();
      return;
    }
    const scope = event.target instanceof Element ? event.target.closest("[data-looks]") : null;
    if (!scope) return;
    if (event.key === "Escape" && quick.value) {
      // Not the way back of what stands beside it.
      event.preventDefault();
      event.stopPropagation();
      empty(quick);
      return;
    }
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const stops = [quick, ...scope.querySelectorAll("[data-found] button")];
    const at = stops.indexOf(event.target);
    if (!step || at < 0 || !stops[at + step]) return;
    event.preventDefault();
    stops[at + step].focus();
  }, true);

  document.addEventListener("click", (event) => {
    const quick = event.target instanceof Element && event.target.closest("[data-empties]") ? field() : null;
    if (quick) empty(quick);
  });

  // ---- the menu of a chat is Kith's, not the system's; a finger that stays asks for it where the web view does not
  const chatAt = (target) => (target instanceof Element ? target.closest("[data-hold]") : null);
  document.addEventListener("contextmenu", (event) => {
    if (chatAt(event.target)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const chat = event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey) ? chatAt(event.target) : null;
    if (!chat || covered()) return;
    event.preventDefault();
    const box = chat.getBoundingClientRect();
    const at = { clientX: box.left + box.height, clientY: box.top + box.height / 2 };
    chat.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, ...at }));
  });
  let touch = null;
  const forget = () => {
    if (touch) clearTimeout(touch.timer);
    touch = null;
  };
  document.addEventListener("touchstart", (event) => {
    forget();
    const chat = chatAt(event.target);
    if (!chat || event.touches.length > 1 || covered()) return;
    const { clientX, clientY } = event.touches[0];
    touch = { x: clientX, y: clientY, pressed: false };
    touch.timer = setTimeout(() => {
      if (!touch) return;
      touch.pressed = true;
      if (!covered()) chat.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY }));
    }, PRESS_MS);
  }, { passive: true });
  document.addEventListener("touchmove", (event) => {
    const moved = touch && Math.hypot(event.touches[0].clientX - touch.x, event.touches[0].clientY - touch.y);
    if (touch && !touch.pressed && moved > TREMBLE_PX) forget();
  }, { passive: true });
  document.addEventListener("touchend", (event) => {
    // The end of a press is no click on the chat, nor on what appeared under the finger.
    if (touch?.pressed) event.preventDefault();
    forget();
  }, { passive: false });
  document.addEventListener("touchcancel", forget, { passive: true });
})();
