// Finds out what a key may do, and keeps it where its owner wants it kept.
import { ApiError, type Credentials, get } from './client';
import type { TenantPage, TracePage } from './types';

export interface Session {
  key: string;
  /** An operator's key has no tenant of its own, but all of them, and these to choose from. */
  tenants: string[] | null;
}

const STORED = 'libgateway.key';
/** More are chosen by typing their id. */
const TENANTS_SHOWN = 200;

/** Asks with the key; fails where it may not read. */
export async function signIn(key: string): Promise<Session> {
  const credentials = { key, tenant: null };
  try {
    await get<TracePage>(credentials, 'traces', { limit: 1, tenants: 'all' });
  } catch (error) {
    // Only a key that has a tenant is told that it may not ask about all of them.
    const hasTenant = error instanceof ApiError && error.code === 'invalid_field';
    if (!hasTenant) throw error;
    await get<TracePage>(credentials, 'traces', { limit: 1 });
    return { key, tenants: null };
  }
  return { key, tenants: await tenantsFor(credentials) };
}

/** The first tenants; none for an operator who may read, and no more. */
async function tenantsFor(credentials: Credentials): Promise<string[]> {
  try {
    const page = await get<TenantPage>(credentials, 'admin/tenants', { limit: TENANTS_SHOWN });
    return page.tenants.map((tenant) => tenant.id);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'insufficient_scope') return [];
    throw error;
  }
}

/** The key is kept as long as the tab, or on this device when asked to. */
export function keep(key: string, onThisDevice: boolean): void {
  forget();
  (onThisDevice ? localStorage : sessionStorage).setItem(STORED, key);
}

export function kept(): string | null {
  return sessionStorage.getItem(STORED) ?? localStorage.getItem(STORED);
}

export function forget(): void {
  sessionStorage.removeItem(STORED);
  localStorage.removeItem(STORED);
}
