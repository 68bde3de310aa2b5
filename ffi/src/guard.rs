//! The edge of the library: what every extern function goes through. Outputs are emptied before anything else happens, a
//! NULL where a pointer is needed is an error, and a panic becomes one.

use std::mem::MaybeUninit;

use libgateway::{ErrorCode, Result, bindings::guarded};

use crate::error::Error;

/// Runs the body of a function that hands nothing out. No error is NULL.
pub(crate) fn guard(work: impl FnOnce() -> Result<()>) -> Option<Box<Error>> {
    guarded(work).err().map(|error| Box::new(Error::new(&error)))
}

/// Runs the body of a function that hands something out: `output` is empty unless it succeeds.
pub(crate) fn give<T: Default>(
    output: Option<&mut MaybeUninit<T>>,
    name: &'static str,
    work: impl FnOnce() -> Result<T>,
) -> Option<Box<Error>> {
    let output = output.map(|output| output.write(T::default()));
    guard(|| {
        let output = needed(output, name)?;
        *output = work()?;
        Ok(())
    })
}

/// The same for an output that the caller may do without.
pub(crate) fn give_if_wanted<T: Default>(
    output: Option<&mut MaybeUninit<T>>,
    work: impl FnOnce() -> Result<T>,
) -> Option<Box<Error>> {
    let output = output.map(|output| output.write(T::default()));
    guard(|| {
        let given = work()?;
        if let Some(output) = output {
            *output = given;
        }
        Ok(())
    })
}

/// What a pointer points to, or an error that names the argument.
pub(crate) fn needed<T>(argument: Option<T>, name: &'static str) -> Result<T> {
    argument.ok_or_else(|| null(name))
}

/// The error of a NULL.
pub(crate) fn null(name: &'static str) -> libgateway::Error {
    libgateway::Error::new(ErrorCode::MissingField, format!("{name} is NULL")).with_param(name)
}

/// Reads a property that may not be there; a panic is one that is not.
pub(crate) fn ask<T, U>(subject: Option<T>, property: impl FnOnce(T) -> Option<U>) -> Option<U> {
    guarded(|| Ok(subject.and_then(property))).ok().flatten()
}

/// Empties a slot and drops what was in it, after `last`; an empty slot, and no slot, is harmless.
pub(crate) fn free<T>(slot: Option<&mut Option<Box<T>>>, last: impl FnOnce(&T) -> Result<()>) {
    let content = slot.and_then(Option::take);
    // There is nobody to tell.
    drop(guarded(|| {
        let content = needed(content, "the slot")?;
        let result = last(&content);
        drop(content);
        result
    }));
}
