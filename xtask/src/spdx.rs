//! Licence expressions (SPDX, annex D): whether one can be satisfied with licences that we accept.

use std::iter::Peekable;

use anyhow::{Result, bail};

/// Whether `expression` can be satisfied by accepted licences alone. `OR` offers a choice, `AND` demands both, `WITH` makes
/// a licence of its own (`Apache-2.0 WITH LLVM-exception`), and the old `/` means `OR`.
///
/// # Errors
/// When the expression is not one.
pub fn satisfied(expression: &str, accepted: &dyn Fn(&str) -> bool) -> Result<bool> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let holds = any_of(&mut words, accepted)?;
    match words.next() {
        None => Ok(holds),
        Some(word) => bail!("`{expression}`: unexpected `{word}`"),
    }
}

fn any_of<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, accepted: &dyn Fn(&str) -> bool) -> Result<bool> {
    let mut holds = all_of(words, accepted)?;
    while words.next_if_eq(&"OR").is_some() {
        // Evaluated first: `||` would skip reading the words.
        let other = all_of(words, accepted)?;
        holds = holds || other;
    }
    Ok(holds)
}

fn all_of<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, accepted: &dyn Fn(&str) -> bool) -> Result<bool> {
    let mut holds = one(words, accepted)?;
    while words.next_if_eq(&"AND").is_some() {
        let other = one(words, accepted)?;
        holds = holds && other;
    }
    Ok(holds)
}

fn one<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, accepted: &dyn Fn(&str) -> bool) -> Result<bool> {
    match words.next() {
        None => bail!("a licence is missing at the end"),
        Some("(") => {
            let holds = any_of(words, accepted)?;
            match words.next() {
                Some(")") => Ok(holds),
                _ => bail!("a parenthesis is not closed"),
            }
        }
        Some(word @ (")" | "OR" | "AND" | "WITH")) => bail!("unexpected `{word}`"),
        Some(licence) => match words.next_if_eq(&"WITH") {
            None => Ok(accepted(licence)),
            Some(_) => match words.next() {
                Some(exception) => Ok(accepted(&format!("{licence} WITH {exception}"))),
                None => bail!("an exception is missing after WITH"),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    fn accepts(expression: &str) -> bool {
        satisfied(expression, &|licence| ["MIT", "ISC", "A WITH E"].contains(&licence)).unwrap()
    }

    /// A choice needs one accepted licence, a conjunction needs all, and parentheses bind.
    #[test]
    fn or_offers_and_and_demands() {
        for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "A WITH E"] {
            assert!(accepts(good), "{good} was refused");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MIT) AND GPL-2.0", "A", "MIT WITH E", "X OR Y AND MIT"] {
            assert!(!accepts(bad), "{bad} was accepted");
        }
    }

    /// What is no expression is an error, never a pass.
    #[test]
    fn nonsense_is_an_error() {
        for nonsense in ["", "MIT MIT", "MIT OR", "(MIT", "MIT)", "OR MIT", "MIT WITH"] {
            assert!(satisfied(nonsense, &|_| true).is_err(), "{nonsense} was read");
        }
    }
}
