/*
 * libgateway: an embedded, multi-tenant LLM gateway.
 *
 * Generated from ffi/src by `make gen`; edits here are lost.
 * Licensed under MIT or Apache-2.0, at your choice.
 */

#ifndef GATEWAY_H
#define GATEWAY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the library that was loaded, as `MAJOR.MINOR.PATCH`.
 *
 * The text ends with a NUL, belongs to the library and is valid for as long as
 * the library is loaded: do not free it. Never fails; callable from any thread.
 */
const char *gateway_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GATEWAY_H */
