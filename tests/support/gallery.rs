//! The gallery: the window over a small world that stands still, in the browser preview. For pictures and for looking.
//!
//! `gallery [new|alone|full|long:N] [light|dark|system] [--port N]` prints its address and runs until it is stopped.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::ExitCode;

use kith::coordinator::double::Double;
use kith::host::{Control, Reach, Settings, Theme};
use kith::ui::gallery::World;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let long = arguments.iter().find_map(|argument| argument.strip_prefix("long:")?.parse().ok());
    let world = match long {
        Some(count) => World::long(count),
        None if has("new") => World::default(),
        None if has("alone") => World::alone(),
        None => World::full(),
    };
    let theme = if has("dark") {
        Theme::Dark
    } else if has("system") {
        Theme::System
    } else {
        Theme::Light
    };
    let reach = (!has("new")).then_some(Reach::ThisComputer);
    let port = arguments.iter().skip_while(|argument| *argument != "--port").nth(1).and_then(|port| port.parse().ok());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.block_on(async {
        let (core, double) = Double::new(64);
        let (control, told, mut orders) = Control::new(Settings { theme, reach, ..Settings::default() }, vec![]);
        let obey = async {
            while let Some(order) = orders.recv().await {
                told.send_replace(order.settings);
                let _ = order.answer.send(Ok(()));
            }
        };
        let stop = std::future::pending();
        tokio::select! {
            served = kith::ui::browser::serve(core, control, port, |url| println!("{url}"), stop) => served,
            () = world.serve(double) => Ok(()),
            () = obey => Ok(()),
        }
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
