//! A window that nobody sees: what is on it, and hands to use it.

use std::any::Any;
use std::rc::Rc;

use super::find::find;
use super::people::{NOW, World};
use dioxus::html::{
    PlatformEventData, SerializedFormData, SerializedFormObject, SerializedHtmlEventConverter, SerializedMouseData,
    SerializedScrollData,
};
use dioxus::prelude::*;
use tokio::task::JoinHandle;

use crate::coordinator::Delta;
use crate::coordinator::double::{Double, Happening, Script};
use crate::doctor::{Behaviour, BrokerFinding, Findings, NatFinding, Report, UdpFinding};
use crate::host::{Choice, Control, Reach, Settings, SettingsError};
use crate::link::IceServer;
use crate::ui::{Clock, Shell, dom};

/// Rounds of work that are waited for at most: far more than anything takes, so that a test that hopes in vain ends.
const PATIENCE: usize = 2_000;

/// The window over a world.
pub struct Stage {
    dom: VirtualDom,
    settings: tokio::sync::mpsc::Receiver<crate::host::Order>,
    told: tokio::sync::watch::Sender<Settings>,
    /// The disk is full: nothing that is chosen can be kept.
    full: bool,
    _world: JoinHandle<()>,
    more: tokio::sync::mpsc::Sender<Happening>,
}

impl Stage {
    /// Draws the window over a world in which this person has chosen how others can reach them.
    pub async fn over(world: World) -> Self {
        Self::with(world, Settings { reach: Some(Reach::ThisComputer), ..Settings::default() }).await
    }

    /// Draws the window over a world, with these settings.
    pub async fn with(world: World, settings: Settings) -> Self {
        dioxus::html::set_event_converter(Box::new(SerializedHtmlEventConverter));
        let (core, double) = Double::new(64);
        let (control, told, orders) = Control::new(settings, vec![]);
        let control = control.pretending(behind_a_strict_nat());
        let (more, happenings) = tokio::sync::mpsc::channel(1);
        let world = tokio::spawn(world.script.play(double, happenings));
        let clock = Clock::fixed(i64::try_from(NOW).unwrap());
        let mut dom = dom(core, control, Shell::alone(), clock);
        dom.rebuild_in_place();
        let mut stage = Self { dom, settings: orders, told, full: false, _world: world, more };
        stage.until(|page| !page.is_empty() && page.contains("h1")).await;
        stage
    }

    /// The page as text.
    pub fn page(&self) -> String {
        dioxus_ssr::render(&self.dom)
    }

    /// Works until the page is as hoped; it fails with the page when that never comes.
    pub async fn until(&mut self, hoped: impl Fn(&str) -> bool) -> String {
        for _ in 0..PATIENCE {
            let page = self.page();
            if hoped(&page) {
                return page;
            }
            self.work().await;
        }
        panic!("hoped in vain: {}", self.page());
    }

    /// Works on for a while, so that whatever is still to follow has followed.
    pub async fn rests(&mut self) {
        for _ in 0..PATIENCE / 10 {
            self.work().await;
        }
    }

    async fn work(&mut self) {
        tokio::select! {
            biased;
            Some(order) = self.settings.recv() => {
                // The host looks at addresses; what it says to a wrong one is shown.
                if let Choice::AddServer(server) = &order.choice
                    && server.parse::<IceServer>().is_err()
                {
                    let _ = order.answer.send(Err(SettingsError::Server(server.clone())));
                    return;
                }
                if self.full {
                    let _ = order.answer.send(Err(SettingsError::Storage("the disk is full".to_owned())));
                    return;
                }
                self.told.send_modify(|settings| *settings = settings.clone().with(order.choice));
                let _ = order.answer.send(Ok(()));
            }
            () = self.dom.wait_for_work() => self.dom.render_immediate(&mut dioxus::dioxus_core::NoOpMutations),
            () = tokio::task::yield_now() => {}
        }
    }

    /// Presses the button (or whatever listens) whose opening tag or content holds this text.
    pub fn press(&mut self, name: &str) {
        let data = PlatformEventData::new(Box::new(SerializedMouseData::default()));
        self.give("click", name, data);
    }

    /// Asks for the menu of the row whose opening tag or content holds this text, as the other button of a mouse does.
    pub fn asks_for_the_menu(&mut self, name: &str) {
        let data = PlatformEventData::new(Box::new(SerializedMouseData::default()));
        self.give("contextmenu", name, data);
    }

    /// Chooses one of a few, by its name.
    pub fn choose(&mut self, name: &str) {
        let data = PlatformEventData::new(Box::new(SerializedFormData::new("on".to_owned(), vec![])));
        self.give("input", name, data);
    }

    /// Ticks a box, by its name, or takes the tick away.
    pub fn tick(&mut self, name: &str, ticked: bool) {
        let data = PlatformEventData::new(Box::new(SerializedFormData::new(ticked.to_string(), vec![])));
        self.give("input", name, data);
    }

    /// From now on the disk is full.
    pub fn fills_the_disk(&mut self) {
        self.full = true;
    }

    /// Sends the form that has a field of this name, with this value in it.
    pub fn submit(&mut self, form: &str, field: &str, value: &str) {
        let values = vec![SerializedFormObject { key: field.to_owned(), text: Some(value.to_owned()), file: None }];
        let data = PlatformEventData::new(Box::new(SerializedFormData::new(String::new(), values)));
        self.give("submit", form, data);
    }

    /// Types into the field of this name; the text is what stands in it then.
    pub fn types(&mut self, field: &str, text: &str) {
        let data = PlatformEventData::new(Box::new(SerializedFormData::new(text.to_owned(), vec![])));
        self.give("input", field, data);
    }

    /// The page says that what has this name is scrolled to its end.
    pub fn scrolls_to_the_end(&mut self, name: &str) {
        let scroll_height = 2_000;
        let data = SerializedScrollData {
            scroll_top: 1_400.0,
            scroll_left: 0.0,
            scroll_width: 600,
            scroll_height,
            client_width: 600,
            client_height: 600,
        };
        self.give("scroll", name, PlatformEventData::new(Box::new(data)));
    }

    /// Something happens elsewhere.
    pub async fn happens(&mut self, what: impl FnOnce(&mut Script) -> Vec<Delta> + Send + 'static) {
        assert!(self.more.send(Box::new(what)).await.is_ok(), "the world has ended");
    }

    fn give(&mut self, event: &str, near: &str, data: PlatformEventData) {
        let Some(id) = find(&self.dom, event, near) else {
            panic!("nothing near “{near}” listens to {event}: {}", self.page())
        };
        let data = Event::new(Rc::new(data) as Rc<dyn Any>, true);
        self.dom.runtime().handle_event(event, data, id);
    }
}

/// A checkup that finds one thing which needs attention.
fn behind_a_strict_nat() -> Report {
    let broker = BrokerFinding {
        broker: "mqtts://broker.example".to_owned(),
        own: false,
        fault: None,
        connect: None,
        round_trip: Some(std::time::Duration::from_millis(34)),
        dated: true,
    };
    let nat = NatFinding {
        public: "198.51.100.7".parse().ok(),
        mapping: Some(Behaviour::ByAddressAtLeast),
        ..NatFinding::default()
    };
    Report::of(Findings { brokers: vec![broker], udp: UdpFinding::Passes, nat, ..Findings::default() })
}
