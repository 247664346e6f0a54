//! Test builds only: says when something is on the screen, so that a bench measures what a person sees.
//!
//! `KITH_TEST_PAINTED=<CSS selector>`: once the page has painted such an element, one line `painted <Unix milliseconds>` goes
//! to standard output. Without that variable nothing happens.

use std::io::Write;

use dioxus::prelude::*;

/// Names what to wait for.
pub const PAINTED: &str = "KITH_TEST_PAINTED";
/// Looks at every frame; a message that is posted in a frame comes after that frame was painted.
const LOOK: &str = r"
    const selector = await dioxus.recv();
    return await new Promise((done) => {
        const painted = () => {
            const after = new MessageChannel();
            after.port1.onmessage = () => done(Date.now());
            after.port2.postMessage(null);
        };
        const look = () => requestAnimationFrame(document.querySelector(selector) ? painted : look);
        look();
    });
";

/// For the root of a window.
pub fn use_painted() {
    use_effect(|| {
        let Ok(selector) = std::env::var(PAINTED) else { return };
        spawn(async move {
            let page = document::eval(LOOK);
            if page.send(selector).is_ok()
                && let Ok(at) = page.join::<f64>().await
            {
                // Nobody who cannot be told is waiting.
                let _ = writeln!(std::io::stdout(), "painted {at}");
            }
        });
    });
}
