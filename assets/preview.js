// What only a page in a browser needs: the server behind it can go away. Says so in words, and comes back with it.
(function () {
  "use strict";
  const RETRY_FIRST_MS = 1000;
  const RETRY_LAST_MS = 8000;
  const words = document.body.dataset;
  let wait = RETRY_FIRST_MS;
  let leaving = false;

  window.addEventListener("pagehide", () => { leaving = true; });

  function banner() {
    let shown = document.getElementById("preview-lost");
    if (shown === null) {
      shown = document.createElement("div");
      shown.id = "preview-lost";
      shown.setAttribute("role", "alert");
      document.body.prepend(shown);
    }
    return shown;
  }

  async function retry() {
    let answer = null;
    try {
      answer = await fetch(window.location.href, { cache: "no-store" });
    } catch (_) {
      // Nobody listens: it may come back at the same address.
    }
    if (answer !== null && answer.ok) {
      window.location.reload();
    } else if (answer !== null && answer.status === 404) {
      // Another Kith with another key has taken the place: this address will never work again.
      banner().textContent = words.lost;
    } else {
      window.setTimeout(retry, wait);
      wait = Math.min(2 * wait, RETRY_LAST_MS);
    }
  }

  const socket = window.ipc.ws;
  socket.addEventListener("close", () => {
    // Also a page that is left or loaded anew closes its socket; that is nobody's loss.
    if (leaving) return;
    document.documentElement.dataset.lost = "true";
    banner().textContent = words.lost + " " + words.retry;
    window.setTimeout(retry, wait);
  });
})();
