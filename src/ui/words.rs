//! Every text that a person reads, from Fluent files. No component holds words of its own.
//!
//! English is inside the program, so that there is always something to say; other languages are resources with the same
//! keys. A key that is missing shows itself, in brackets: ugly, visible, and no reason to stop.

use std::rc::Rc;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The English words.
pub const ENGLISH: &str = include_str!("../../assets/i18n/en.ftl");

/// The words of one language. Cheap to clone.
#[derive(Clone)]
pub struct Words {
    bundle: Rc<FluentBundle<FluentResource>>,
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.bundle, &other.bundle)
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::english()
    }
}

impl Words {
    /// English.
    #[must_use]
    pub fn english() -> Self {
        let english: LanguageIdentifier = "en".parse().unwrap_or_default();
        let mut bundle = FluentBundle::new(vec![english]);
        // Names stand in sentences of the same direction as often as not; bidi marks around each would be copied along.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(ENGLISH.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(?errors, "the English words have mistakes");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "the English words have keys twice");
        }
        Self { bundle: Rc::new(bundle) }
    }

    /// The text of a key.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.tell(key, None)
    }

    /// The text of a key with one value in it.
    #[must_use]
    pub fn with<'a>(&self, key: &str, name: &'a str, value: impl Into<FluentValue<'a>>) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value);
        self.tell(key, Some(&args))
    }

    /// The text of a key with two values in it.
    #[must_use]
    pub fn with2<'a>(
        &self,
        key: &str,
        first: (&'a str, impl Into<FluentValue<'a>>),
        second: (&'a str, impl Into<FluentValue<'a>>),
    ) -> String {
        self.with_all(key, [(first.0, first.1.into()), (second.0, second.1.into())])
    }

    /// The text of a key with some values in it.
    #[must_use]
    pub fn with_all<'a, const N: usize>(&self, key: &str, values: [(&'a str, FluentValue<'a>); N]) -> String {
        self.tell(key, Some(&values.into_iter().collect()))
    }

    fn tell(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, "a text is missing");
            return format!("[{key}]");
        };
        let mut errors = vec![];
        let text = self.bundle.format_pattern(pattern, args, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, ?errors, "a text could not be put together");
        }
        text
    }
}
