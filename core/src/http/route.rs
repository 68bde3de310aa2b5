//! Finds the operation of a method and a path. Authorisation is bound to what is found here, so there is one way to read
//! a path: segments are split first and percent-decoded after.

use percent_encoding::percent_decode_str;

use crate::{
    error::{Error, ErrorCode, Result},
    operation::{OPERATIONS, Operation, Output},
};

/// What a request is for.
#[derive(Debug)]
pub(super) struct Route {
    /// The operation; the one that answers as a whole, where another one streams.
    pub(super) operation: &'static Operation,
    /// The parts of the path that are arguments, with their names.
    pub(super) arguments: Vec<(&'static str, String)>,
}

impl Route {
    pub(super) fn find(method: &str, path: &str) -> Result<Self> {
        let mut path_exists = false;
        for operation in OPERATIONS.iter().filter(|operation| operation.output != Output::Stream) {
            let Some((own_method, pattern)) = operation.route else { continue };
            if let Some(arguments) = matched(pattern, path) {
                if own_method == method {
                    return Ok(Self { operation, arguments });
                }
                path_exists = true;
            }
        }
        Err(if path_exists {
            Error::new(ErrorCode::MethodNotAllowed, format!("{path} does not take {method}"))
        } else {
            Error::new(ErrorCode::UnknownOperation, format!("there is no {path} here"))
        })
    }

    /// The operation of the same route that streams.
    pub(super) fn streaming(&self) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|other| other.output == Output::Stream && other.route == self.operation.route)
    }
}

/// The arguments in the path, where it is one of the pattern.
fn matched(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut arguments = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None if segment == expected => {}
            None => return None,
            Some(_) if segment.is_empty() => return None,
            Some(name) => arguments.push((name, percent_decode_str(segment).decode_utf8().ok()?.into_owned())),
        }
    }
    segments.next().is_none().then_some(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (&'static str, Vec<(&'static str, String)>);

    fn found(method: &str, path: &str) -> Result<Found, ErrorCode> {
        Route::find(method, path).map(|route| (route.operation.name, route.arguments)).map_err(|error| error.code())
    }

    #[test]
    fn every_route_is_found_and_nothing_beside_it() {
        for operation in OPERATIONS.iter().filter(|operation| operation.output != Output::Stream) {
            let Some((method, pattern)) = operation.route else { continue };
            let path = pattern.replace(['{', '}'], "");
            assert_eq!(found(method, &path).unwrap().0, operation.name);
            for (method, path, code) in [
                ("BREW", path.clone(), ErrorCode::MethodNotAllowed),
                (method, format!("{path}/"), ErrorCode::UnknownOperation),
                (method, format!("/{path}"), ErrorCode::UnknownOperation),
                (method, path.to_uppercase(), ErrorCode::UnknownOperation),
            ] {
                assert_eq!(found(method, &path).unwrap_err(), code, "{method} {path}");
            }
        }
    }

    #[test]
    fn an_encoded_slash_is_part_of_an_argument_and_never_of_the_path() {
        let arguments = vec![("tenant_id", "a/b".to_owned())];
        assert_eq!(found("GET", "/v1/admin/tenants/a%2Fb"), Ok(("get_tenant", arguments)));
        for path in ["/v1%2Ftraces", "/v1/%74races", "/v1/admin/tenants/%ff", "/v1/admin/tenants/", "", "*"] {
            assert_eq!(found("GET", path), Err(ErrorCode::UnknownOperation), "{path}");
        }
    }
}
