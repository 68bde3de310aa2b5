//! Finds the paths that Rust source names, without a parser of the language.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Every Rust file below a folder.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Every path of two parts or more, outside comments, strings and tests, with
/// groups written out: `a::{b, c::d}` is `a::b` and `a::c::d`.
pub(crate) fn paths(source: &str) -> Vec<String> {
    let tokens = without_tests(&tokens(source));
    let mut found = Vec::new();
    let mut rest = tokens.as_slice();
    while let [first, tail @ ..] = rest {
        rest = match tail {
            ["::", ..] if is_name(first) => expand(rest, "", &mut found),
            _ => tail,
        };
    }
    found
}

/// Adds the paths of the use tree that `rest` begins with; returns what follows.
fn expand<'a, 's>(rest: &'a [&'s str], prefix: &str, found: &mut Vec<String>) -> &'a [&'s str] {
    match rest {
        [name, "::", tail @ ..] if is_name(name) => expand(tail, &format!("{prefix}{name}::"), found),
        ["{", tail @ ..] => {
            let mut group = tail;
            loop {
                group = expand(group, prefix, found);
                // What is left of the member is `as name`.
                while let [next, tail @ ..] = group
                    && !matches!(*next, "," | "}")
                {
                    group = tail;
                }
                match group {
                    [",", tail @ ..] => group = tail,
                    [_, tail @ ..] => return tail,
                    [] => return group,
                }
            }
        }
        ["}", ..] => rest,
        [name, tail @ ..] if is_name(name) || *name == "*" => {
            found.push(format!("{prefix}{name}"));
            tail
        }
        _ => {
            found.push(prefix.trim_end_matches("::").to_owned());
            rest
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The tokens without the items under `#[cfg(test)]`.
fn without_tests<'s>(tokens: &[&'s str]) -> Vec<&'s str> {
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let [first, tail @ ..] = rest {
        rest = match rest {
            ["#", "[", "cfg", "(", "test", ")", "]", item @ ..] => after_item(item),
            _ => {
                kept.push(*first);
                tail
            }
        };
    }
    kept
}

fn after_item<'a, 's>(mut rest: &'a [&'s str]) -> &'a [&'s str] {
    let mut depth = 0_usize;
    while let [token, tail @ ..] = rest {
        rest = tail;
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(*token, ";" | "}") {
            break;
        }
    }
    rest
}

/// Names, `::` and single characters; no space, comment or literal.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (length, is_code) = if let Some(length) = skipped(rest) {
            (length, false)
        } else if rest.starts_with("::") {
            (2, true)
        } else {
            let name = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (name.max(first.len_utf8()), !first.is_whitespace())
        };
        let (token, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_code {
            tokens.push(token);
        }
        rest = tail;
    }
    tokens
}

/// The length of the comment, string or character that `text` begins with.
fn skipped(text: &str) -> Option<usize> {
    let through =
        |start: usize, end: &str| Some(text.get(start..)?.find(end).map_or(text.len(), |at| start + at + end.len()));
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r').map(|raw| (raw, raw.trim_start_matches('#')));

    if text.starts_with("//") {
        through(2, "\n")
    } else if text.starts_with("/*") {
        through(2, "*/")
    } else if let Some((hashes, string)) = raw
        && string.starts_with('"')
    {
        let count = hashes.len() - string.len();
        through(text.len() - string.len() + 1, &format!("\"{}", "#".repeat(count)))
    } else if let Some(string) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = string.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        Some(end.map_or(text.len(), |end| end + 2))
    } else if text.starts_with("'\\") {
        through(3, "'")
    } else if let Some(character) = text.strip_prefix('\'')
        && character.chars().nth(1) == Some('\'')
    {
        through(1 + character.chars().next().map_or(0, char::len_utf8), "'")
    } else {
        None
    }
}
