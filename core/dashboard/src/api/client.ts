// Asks the gateway. Knows the key and the tenant, and what an error means to whoever reads the page.

/** Who asks: a key, and for an operator's key the tenant it is about. */
export interface Credentials {
  key: string;
  tenant: string | null;
}

export type Parameters = Record<string, string | number | null | undefined>;

/** What went wrong, as the gateway says it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

/** Codes after which the key is of no use here. */
const KEY_IS_USELESS = new Set(['missing_api_key', 'invalid_api_key', 'insufficient_scope', 'tenant_disabled']);

export function isKeyUseless(error: unknown): boolean {
  return error instanceof ApiError && KEY_IS_USELESS.has(error.code);
}

/** In words for people. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  switch (error.code) {
    case 'missing_api_key':
    case 'invalid_api_key':
      return 'This key is not known here: it is mistyped, revoked or expired.';
    case 'insufficient_scope':
      return 'This key may not read traces. It needs the scope “read”.';
    case 'tenant_disabled':
      return 'The tenant of this key is disabled.';
    case 'store_unavailable':
      return 'The gateway’s store is away. Calls go on and their traces are kept; they show here once it is back.';
    case 'unreachable':
      return 'The gateway does not answer.';
    default:
      return `${error.message} (${error.code})`;
  }
}

/** The answer as text, for those who need its numbers as they were written. */
export async function getText(
  credentials: Credentials,
  path: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<string> {
  // The page is at …/dashboard, and what it asks beside it.
  const url = new URL(`v1/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { authorization: `Bearer ${credentials.key}` };
  if (credentials.tenant) headers['x-gateway-tenant-id'] = credentials.tenant;
  let status: number;
  let text: string;
  try {
    const init = { headers, credentials: 'omit', cache: 'no-store' } as const;
    const response = await fetch(url, signal ? { ...init, signal } : init);
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'the gateway does not answer');
  }
  if (status >= 400) throw errorOf(status, text);
  return text;
}

export async function get<T>(
  credentials: Credentials,
  path: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<T> {
  return JSON.parse(await getText(credentials, path, parameters, signal)) as T;
}

function errorOf(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; code: string; param: string | null } };
    return new ApiError(status, error.code, error.message, error.param);
  } catch {
    // Not the gateway's: whatever stands before it has answered.
    return new ApiError(status, `status_${status}`, `the gateway’s address answered with status ${status}`);
  }
}
