// Placeholder: what the page does by itself.
