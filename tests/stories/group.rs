//! A group of people who are hardly ever there together.

use serde_json::json;

use crate::support::{Message, Node, World, befriend};

/// Five people of whom never more than three are there at once, and of whom four know only Alice, hold a conversation. In the end
/// it is the same everywhere, word for word and in the same order.
pub fn five_who_are_never_all_there_hold_a_conversation(world: &mut World) {
    let mut alice = world.person("Alice");
    let mut others: Vec<Node> = vec![];
    for name in ["Bob", "Carol", "Dave", "Erin"] {
        let mut other = world.person(name);
        befriend(&alice, &other);
        other.shutdown();
        others.push(other);
    }
    let [mut bob, mut carol, mut dave, mut erin]: [Node; 4] = others.try_into().ok().unwrap();

    // Alice makes the group while nobody else is there. Bob and Carol come and are in it.
    let members: Vec<&str> = [&bob, &carol, &dave, &erin].map(|node| node.user_id()).to_vec();
    let answer = alice.does("group.create", json!({ "name": "Five", "members": members }));
    let group = answer["groupId"].as_str().unwrap().to_owned();
    let mut said = vec![says(&alice, &group, "Hello, all of you.")];
    bob.starts();
    joins(&bob, &group);
    carol.starts();
    joins(&carol, &group);
    said.push(says(&bob, &group, "Hello Alice. Who is Carol?"));
    said.push(says(&carol, &group, "I am."));
    reads_all(&[&alice, &bob, &carol], &group, &said);

    // Alice goes, and Dave comes: what was said is carried to him by those who are there, or lies in his mailbox.
    alice.shutdown();
    dave.starts();
    joins(&dave, &group);
    reads_all(&[&dave], &group, &said);
    said.push(says(&dave, &group, "And I am Dave."));
    reads_all(&[&bob, &carol], &group, &said);

    // Bob and Carol go, Erin comes: she and Dave have never met.
    bob.shutdown();
    carol.kill();
    erin.starts();
    joins(&erin, &group);
    reads_all(&[&erin], &group, &said);
    said.push(says(&erin, &group, "Am I late?"));
    said.push(says(&dave, &group, "A little."));
    reads_all(&[&dave, &erin], &group, &said);

    // Alice comes back; Dave goes. Somebody is put right by Alice, who is the only admin.
    dave.shutdown();
    alice.starts();
    reads_all(&[&alice], &group, &said);
    alice.does("group.rename", json!({ "groupId": group, "name": "Five friends" }));
    said.push(says(&alice, &group, "Never late."));
    reads_all(&[&erin], &group, &said);

    // Everybody else comes once more, one after the other, and has it all; nobody was there with all others.
    erin.shutdown();
    for node in [&mut bob, &mut carol, &mut dave] {
        node.starts();
        reads_all(&[node], &group, &said);
        node.until("the group is called something else", |node| (name(node, &group) == "Five friends").then_some(()));
        node.shutdown();
    }
    erin.starts();
    assert_eq!(name(&erin, &group), "Five friends");
    let first = texts(&alice, &group);
    assert_eq!(texts(&erin, &group), first);
    erin.shutdown();
    for node in [&mut bob, &mut carol, &mut dave] {
        node.starts();
        assert_eq!(texts(node, &group), first, "{} reads another conversation", node.name());
        node.was_told_of_nothing_twice();
        node.shutdown();
    }
}

fn joins(node: &Node, group: &str) {
    let event = node.event("groupJoined", |event| event["groupId"] == group);
    assert_eq!(event["name"], "Five");
    let view = node.does("group.members", json!({ "groupId": group }));
    assert_eq!(view["members"].as_array().map(Vec::len), Some(5));
}

fn name(node: &Node, group: &str) -> String {
    node.does("group.members", json!({ "groupId": group }))["name"].as_str().unwrap().to_owned()
}

fn says(node: &Node, group: &str, text: &str) -> String {
    let answer = node.does("message.send", json!({ "to": group, "text": text }));
    answer["id"].as_str().expect("an id").to_owned()
}

fn history(node: &Node, group: &str) -> Vec<Message> {
    serde_json::from_value(node.does("message.history", json!({ "with": group }))).unwrap()
}

fn texts(node: &Node, group: &str) -> Vec<(String, String, String, u64)> {
    history(node, group).into_iter().map(|message| (message.id, message.from, message.text, message.at)).collect()
}

/// Waits until all of them have everything that was said, in the order in which it was said: each has read what they answer.
fn reads_all(nodes: &[&Node], group: &str, said: &[String]) {
    for node in nodes {
        node.until(&format!("{} messages", said.len()), |node| {
            let ids: Vec<String> = history(node, group).into_iter().map(|message| message.id).collect();
            (ids.len() >= said.len()).then(|| assert_eq!(ids, said, "{}", node.name()))
        });
    }
}
