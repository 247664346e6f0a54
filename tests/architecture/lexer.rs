//! Splits source into tokens, and says which of them belong to tests.

/// Stands for `::`, so that a single colon is not taken for it.
pub const PATH: char = '∷';

/// What a token is.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// An identifier or a keyword.
    Name(String),
    /// The inside of a string literal.
    Text(String),
    /// Any other character; `::` is one mark, [`PATH`].
    Mark(char),
}

/// One token.
#[derive(Debug)]
pub struct Token {
    pub kind: Kind,
    pub line: usize,
    /// Inside an item under `#[cfg(test)]`.
    pub in_test: bool,
    /// How many modules of this file are around it.
    pub inner: usize,
}

/// Splits source into names, string literals and marks; comments and character literals are left out.
pub fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line) = (0, 1);
    let mut tokens = Vec::new();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let here = line;
        let kind = match chars[at] {
            '\n' => {
                line += 1;
                at += 1;
                continue;
            }
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                continue;
            }
            '/' if peek(at + 1) == '*' => {
                let mut depth = 0;
                while at < chars.len() {
                    match (chars[at], peek(at + 1)) {
                        ('/', '*') => (depth, at) = (depth + 1, at + 1),
                        ('*', '/') => (depth, at) = (depth - 1, at + 1),
                        ('\n', _) => line += 1,
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                continue;
            }
            '"' => {
                let mut inside = String::new();
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    if chars[at] == '\\' {
                        at += 1;
                    }
                    line += usize::from(peek(at) == '\n');
                    inside.push(peek(at));
                    at += 1;
                }
                at += 1;
                Kind::Text(inside)
            }
            'r' if raw_hashes(&chars, at + 1).is_some() => {
                let hashes = raw_hashes(&chars, at + 1).unwrap();
                let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let end: Vec<char> = end.chars().collect();
                at += hashes + 2;
                let mut inside = String::new();
                while at < chars.len() && !chars[at..].starts_with(&end) {
                    line += usize::from(chars[at] == '\n');
                    inside.push(chars[at]);
                    at += 1;
                }
                at += end.len();
                Kind::Text(inside)
            }
            '\'' if peek(at + 1) == '\\' => {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
                continue;
            }
            '\'' if peek(at + 2) == '\'' => {
                at += 3;
                continue;
            }
            // A lifetime.
            '\'' => {
                at += 1;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                continue;
            }
            c if c.is_alphabetic() || c == '_' => {
                let start = at;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                // A byte string's `b`, a C string's `c`: the literal follows.
                if at - start == 1 && matches!(c, 'b' | 'c') && matches!(peek(at), '"' | '\'') {
                    continue;
                }
                if at - start == 2 && peek(at - 1) == 'r' && raw_hashes(&chars, at).is_some() {
                    at -= 1;
                    continue;
                }
                Kind::Name(chars[start..at].iter().collect())
            }
            ':' if peek(at + 1) == ':' => {
                at += 2;
                Kind::Mark(PATH)
            }
            c => {
                at += 1;
                Kind::Mark(c)
            }
        };
        tokens.push(Token { kind, line: here, in_test: false, inner: 0 });
    }
    tokens
}

/// After the `r` of a raw string: how many `#` stand before its quote.
fn raw_hashes(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars.get(at..)?.iter().take_while(|c| **c == '#').count();
    (chars.get(at + hashes) == Some(&'"')).then_some(hashes)
}

/// Marks what stands under `#[cfg(test)]`, and counts the modules around each token.
pub fn place(tokens: &mut [Token]) {
    // For every open brace: whether it is a module's, and whether it is a test's.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let (mut test_next, mut module_next) = (false, false);
    let mut parentheses = 0_i32;
    for index in 0..tokens.len() {
        let name = |at: usize, wanted: &str| matches!(tokens.get(at), Some(Token { kind: Kind::Name(name), .. }) if name == wanted);
        let mark = |at: usize| match tokens.get(at) {
            Some(Token { kind: Kind::Mark(mark), .. }) => *mark,
            _ => ' ',
        };
        if name(index, "cfg") && mark(index + 1) == '(' && name(index + 2, "test") && mark(index + 3) == ')' {
            // The attribute's own parentheses are open here.
            (test_next, parentheses) = (true, 0);
        }
        module_next |= name(index, "mod");
        match mark(index) {
            '(' => parentheses += 1,
            ')' => parentheses -= 1,
            // The item, the field or the variant under the attribute ends without a body.
            ';' => (module_next, test_next) = (false, false),
            ',' if parentheses == 0 => test_next = false,
            '{' => {
                let in_test = test_next || open.last().is_some_and(|(_, test)| *test);
                open.push((module_next, in_test));
                (module_next, test_next) = (false, false);
            }
            '}' => drop(open.pop()),
            _ => {}
        }
        let in_test = test_next || open.last().is_some_and(|(_, test)| *test);
        let inner = open.iter().filter(|(module, _)| *module).count();
        if let Some(token) = tokens.get_mut(index) {
            (token.in_test, token.inner) = (in_test, inner);
        }
    }
}
