// What the page itself must do about a single message: a finger that stays or swipes, the menu key, where the menu stands and
// how the arrows move in it. It knows no message: which one is meant it says to the program by its id, through one hidden field.
"use strict";
(() => {
  /// A finger that stays so long asks for the menu, as everywhere on phones.
  const PRESS_MS = 450;
  /// So far a finger may tremble while it stays, and so far it must go before it swipes.
  const TREMBLE_PX = 10;
  /// A swipe that went so far is meant.
  const SWIPE_PX = 56, SWIPE_MAX_PX = 76;
  /// Whoever begins at the edge wants the system's own gesture.
  const EDGE_PX = 24;
  const ROOM_PX = 8;

  const ask = (text) => {
    const field = document.querySelector("[data-asks]");
    if (!field) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const messageAt = (target) => (target instanceof Element ? target.closest("[data-flow] [data-id]") : null);
  const menu = () => document.querySelector("[role=menu]");

  // ---- what asks for the menu: the other button of a mouse, the menu key, a finger that stays
  let point = null;
  const askForMenu = (message, at) => {
    point = at;
    ask(`menu ${message.dataset.id}`);
  };
  // Some systems select the word under the mouse before they say that a menu is wanted.
  let selected = "";
  document.addEventListener("mousedown", () => { selected = String(getSelection() ?? "").trim(); }, true);
  document.addEventListener("contextmenu", (event) => {
    if (menu()) { event.preventDefault(); return; }
    const message = messageAt(event.target);
    // Who has selected something, or points at a link, wants what the system has for that.
    if (!message || event.target.closest("a[href]") || selected) return;
    event.preventDefault();
    const byKey = event.clientX === 0 && event.clientY === 0;
    askForMenu(message, byKey ? null : { x: event.clientX, y: event.clientY });
  });
  document.addEventListener("click", (event) => {
    // A press on the button in the corner: the menu stands beside it.
    if (event.target instanceof Element && event.target.closest("[data-menu]")) point = null;
  }, true);

  // ---- in the menu the arrows move; a row of emoji is one step up or down
  const items = (of) => [...of.querySelectorAll("[role^=menuitem]")];
  // One of them is a stop of the Tab key, as everywhere where arrows move.
  const enter = (of, item) => {
    if (!item) return;
    items(of).forEach((other) => { other.tabIndex = other === item ? 0 : -1; });
    item.focus();
  };
  const rowOf = (item) => item.closest("[role=group]") ?? item;
  const move = (of, key) => {
    const all = items(of), at = all.indexOf(document.activeElement);
    if (key === "Home") return all[0];
    if (key === "End") return all.at(-1);
    if (at < 0) return all[0];
    const back = key === "ArrowUp" || key === "ArrowLeft";
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const row = all.filter((item) => rowOf(item) === rowOf(all[at]));
      return row.at((row.indexOf(all[at]) + (back ? -1 : 1)) % row.length);
    }
    // In a field of many rows the one above or below; out of it at its ends.
    const box = all[at].getBoundingClientRect();
    const beyond = (item) => {
      const other = item.getBoundingClientRect();
      return back ? other.bottom <= box.top + 1 : other.top >= box.bottom - 1;
    };
    const far = (item) => {
      const other = item.getBoundingClientRect();
      return Math.abs(other.top - box.top) * 8 + Math.abs(other.left - box.left);
    };
    const next = all.filter(beyond).sort((a, b) => far(a) - far(b))[0];
    return next ?? (back ? all.at(-1) : all[0]);
  };
  document.addEventListener("keydown", (event) => {
    const open = menu();
    if (open) {
      if (!["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      enter(open, move(open, event.key));
      return;
    }
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      const message = messageAt(event.target);
      if (!message) return;
      event.preventDefault();
      askForMenu(message, null);
    }
    // In an empty field the arrow up brings back what was written last.
    const area = event.target;
    const empty = area instanceof HTMLTextAreaElement && area.dataset.clear && area.value === "";
    if (event.key === "ArrowUp" && empty && !event.isComposing && !event.shiftKey) {
      event.preventDefault();
      ask("edit");
    }
  }, true);

  // ---- the menu stands where it was asked for, and inside the window; a phone has it at the bottom
  let shown = null, chosen = null;
  const place = (open) => {
    const message = document.querySelector(`[data-flow] [data-id="${CSS.escape(open.dataset.for)}"]`);
    if (chosen !== message) {
      chosen?.classList.remove("chosen");
      message?.classList.add("chosen");
      chosen = message;
    }
    if (getComputedStyle(open).getPropertyValue("--sheet").trim() || !message) {
      open.style.left = open.style.top = "";
      return;
    }
    const box = message.getBoundingClientRect();
    const right = getComputedStyle(message).alignSelf === "flex-end";
    const at = point ?? { x: right ? box.right - open.offsetWidth : box.left, y: box.bottom + 4 };
    const inside = (from, size, room) => Math.max(ROOM_PX, Math.min(from, room - size - ROOM_PX));
    open.style.left = `${inside(at.x, open.offsetWidth, innerWidth)}px`;
    // Above, when there is no room below.
    const below = at.y + open.offsetHeight + ROOM_PX <= innerHeight;
    const above = (point ? at.y : box.top - 4) - open.offsetHeight;
    open.style.top = `${inside(below || above < ROOM_PX ? at.y : above, open.offsetHeight, innerHeight)}px`;
  };
  const look = () => {
    const open = menu();
    if (open) place(open);
    // Who reads with their ears, and the keys, begin at the first entry; also when what had the focus has given way to more.
    if (open && (open !== shown || !open.contains(document.activeElement))) enter(open, items(open)[0]);
    if (!open && chosen) { chosen.classList.remove("chosen"); chosen = null; }
    shown = open;
  };

  // ---- a finger: it stays for the menu, goes to the right for an answer, and otherwise scrolls
  let touch = null;
  const settle = (message) => {
    message.classList.remove("swipes");
    message.style.removeProperty("--swipe");
  };
  const forget = () => {
    if (!touch) return;
    clearTimeout(touch.timer);
    if (touch.swipes) settle(touch.message);
    touch = null;
  };
  document.addEventListener("touchstart", (event) => {
    forget();
    const message = messageAt(event.target);
    if (!message || event.touches.length > 1 || menu()) return;
    const { clientX: x, clientY: y } = event.touches[0];
    touch = { message, x, y, swipes: false, pressed: false, edge: x < EDGE_PX };
    touch.timer = setTimeout(() => {
      if (!touch) return;
      touch.pressed = true;
      if (!menu()) askForMenu(message, { x, y });
    }, PRESS_MS);
  }, { passive: true });
  document.addEventListener("touchmove", (event) => {
    if (!touch) return;
    if (touch.pressed) { event.preventDefault(); return; }
    const dx = event.touches[0].clientX - touch.x, dy = event.touches[0].clientY - touch.y;
    if (!touch.swipes) {
      if (Math.hypot(dx, dy) < TREMBLE_PX) return;
      // Up and down is scrolling, and so is what the page scrolls already.
      if (touch.edge || dx < 1.5 * Math.abs(dy) || !event.cancelable) { forget(); return; }
      clearTimeout(touch.timer);
      touch.swipes = true;
      touch.message.classList.add("swipes");
    }
    event.preventDefault();
    touch.far = Math.max(0, Math.min(dx, SWIPE_MAX_PX));
    touch.message.style.setProperty("--swipe", `${touch.far}px`);
    touch.message.classList.toggle("meant", touch.far >= SWIPE_PX);
  }, { passive: false });
  document.addEventListener("touchend", (event) => {
    if (!touch) return;
    const { message, swipes, far, pressed } = touch;
    // The end of a press is no click on what appeared under the finger.
    if (pressed) event.preventDefault();
    forget();
    message.classList.remove("meant");
    if (swipes && far >= SWIPE_PX) ask(`reply ${message.dataset.id}`);
  }, { passive: false });
  document.addEventListener("touchcancel", forget, { passive: true });

  const begin = () => {
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    addEventListener("resize", () => { const open = menu(); if (open) place(open); });
  };
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
