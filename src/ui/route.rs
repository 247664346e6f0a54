//! Where the person is: a stack of places. Pure.

use uuid::Uuid;

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A conversation.
    Conversation(Uuid),
    /// Somebody's page, or a group's.
    Contact(Uuid),
    /// How to become contacts; with a link that was opened from outside.
    Add(Option<String>),
    /// How to make a group.
    NewGroup,
    /// Who asks, and whom we have asked.
    Requests,
    /// What can be chosen.
    Settings,
    /// What works of the connection, and what does not.
    Connection,
}

/// The places that were visited and not left; the list of chats is below all of them. Never longer than the kinds of places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    places: Vec<Route>,
}

impl Stack {
    /// Where the person is; none is the list of chats.
    #[must_use]
    pub fn top(&self) -> Option<&Route> {
        self.places.last()
    }

    /// Goes to a place from the list: whatever was open is left. A conversation only gives way to another one: what is not
    /// a conversation lies above it, and back leads there again.
    pub fn go(&mut self, route: Route) {
        let stays = |place: &Route| matches!(place, Route::Conversation(_)) && !matches!(route, Route::Conversation(_));
        self.places.retain(stays);
        self.places.push(route);
    }

    /// What lies beside its conversation instead of in its place, where there is room: somebody's page.
    #[must_use]
    pub fn beside(&self) -> Option<(Uuid, Uuid)> {
        match self.places.as_slice() {
            [.., Route::Conversation(with), Route::Contact(user)] => Some((*with, *user)),
            _ => None,
        }
    }

    /// Goes deeper. A place that is open already is returned to.
    pub fn push(&mut self, route: Route) {
        if let Some(at) = self.places.iter().position(|place| *place == route) {
            self.places.truncate(at);
        }
        self.places.push(route);
    }

    /// Goes back by one; from the first place to the list.
    pub fn back(&mut self) {
        self.places.pop();
    }

    /// Somebody is gone: their places are left.
    pub fn leave(&mut self, user: Uuid) {
        self.places.retain(|place| !matches!(place, Route::Conversation(id) | Route::Contact(id) if *id == user));
    }

    /// The conversation that is on the screen, also when somebody's page lies beside it.
    #[must_use]
    pub fn shown(&self) -> Option<Uuid> {
        match self.top() {
            Some(Route::Conversation(user)) => Some(*user),
            _ => self.beside().map(|(with, _)| with),
        }
    }

    /// The conversation in the stack, whether on top or below.
    #[must_use]
    pub fn conversation(&self) -> Option<Uuid> {
        self.places.iter().rev().find_map(|place| match place {
            Route::Conversation(user) => Some(*user),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Back leads where one came from, and the stack never grows by going in circles.
    #[test]
    fn back_leads_where_one_came_from() {
        let (bob, carol) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut stack = Stack::default();
        stack.go(Route::Conversation(bob));
        for _ in 0..100 {
            stack.push(Route::Contact(bob));
            stack.push(Route::Conversation(bob));
        }
        stack.push(Route::Contact(bob));
        assert_eq!(stack.conversation(), Some(bob));
        stack.back();
        assert_eq!(stack.top(), Some(&Route::Conversation(bob)));
        stack.back();
        assert_eq!(stack.top(), None);
        stack.back();
        stack.go(Route::Conversation(bob));
        stack.go(Route::Settings);
        stack.go(Route::Requests);
        assert_eq!((stack.top(), stack.beside()), (Some(&Route::Requests), None));
        stack.back();
        assert_eq!(stack.top(), Some(&Route::Conversation(bob)), "settings do not cost a conversation");
        stack.push(Route::Contact(bob));
        assert_eq!(stack.beside(), Some((bob, bob)));
        stack.go(Route::Conversation(carol));
        stack.leave(carol);
        assert_eq!((stack.top(), stack.conversation()), (None, None));
    }
}
