//! Finds what listens, by what a person sees of it: text, or the value of an attribute (a name, a label).

use dioxus::dioxus_core::{AttributeValue, DynamicNode, ElementId, TemplateAttribute, TemplateNode, VNode, VirtualDom};

/// The innermost element that hears an event and holds this text; of several, the one with the least text around it.
pub fn find(dom: &VirtualDom, event: &str, near: &str) -> Option<ElementId> {
    let mut search = Search { dom, event, near, found: vec![] };
    search.scope(dom.base_scope().root_node());
    search.found.into_iter().min_by_key(|(length, _)| *length).map(|(_, id)| id)
}

struct Search<'a> {
    dom: &'a VirtualDom,
    event: &'a str,
    near: &'a str,
    found: Vec<(usize, ElementId)>,
}

impl Search<'_> {
    fn scope(&mut self, node: &VNode) -> String {
        node.template.roots.iter().map(|root| self.node(root, node)).collect()
    }

    /// Everything that stands in a node, and on the way what listens there.
    fn node(&mut self, template: &TemplateNode, node: &VNode) -> String {
        match template {
            TemplateNode::Text { text } => format!("{text}\n"),
            TemplateNode::Dynamic { id } => self.dynamic(*id, node),
            TemplateNode::Element { attrs, children, .. } => {
                let mut text = String::new();
                let mut hears = None;
                for attr in *attrs {
                    match attr {
                        TemplateAttribute::Static { value, .. } => text.push_str(&format!("{value}\n")),
                        TemplateAttribute::Dynamic { id } => {
                            for attribute in node.dynamic_attrs[*id].iter() {
                                match &attribute.value {
                                    AttributeValue::Text(value) => text.push_str(&format!("{value}\n")),
                                    AttributeValue::Listener(_)
                                        if attribute.name.strip_prefix("on") == Some(self.event) =>
                                    {
                                        hears = node.mounted_dynamic_attribute(*id, self.dom);
                                    }
                                    _ => {}
                                }
                            }
                        }
                    }
                }
                let inner: String = children.iter().map(|child| self.node(child, node)).collect();
                text.push_str(&inner);
                if let Some(id) = hears.filter(|_| text.contains(self.near)) {
                    self.found.push((text.len(), id));
                }
                text
            }
        }
    }

    fn dynamic(&mut self, id: usize, node: &VNode) -> String {
        match &node.dynamic_nodes[id] {
            DynamicNode::Text(text) => format!("{}\n", text.value),
            DynamicNode::Placeholder(_) => String::new(),
            DynamicNode::Fragment(nodes) => nodes.iter().map(|node| self.scope(node)).collect(),
            DynamicNode::Component(component) => component
                .mounted_scope(id, node, self.dom)
                .map(|scope| self.scope(scope.root_node()))
                .unwrap_or_default(),
        }
    }
}
