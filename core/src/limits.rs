//! How many requests may be in flight, in the gateway and per tenant. Refuses at once; never queues.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use crate::{
    error::{Error, ErrorCode, Result},
    types::ids::TenantId,
};

/// Counts the requests in flight.
#[derive(Debug)]
pub(crate) struct Limits {
    gateway: u32,
    in_flight: Mutex<InFlight>,
}

#[derive(Debug, Default)]
struct InFlight {
    total: u32,
    /// Tenants without a request in flight have no entry.
    by_tenant: HashMap<TenantId, u32>,
}

/// One request in flight; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Permit {
    limits: Arc<Limits>,
    tenant: TenantId,
}

impl Limits {
    pub(crate) fn new(gateway: u32) -> Self {
        Self { gateway, in_flight: Mutex::default() }
    }

    /// Lets a request of the tenant in, or says which limit refuses it.
    pub(crate) fn enter(self: &Arc<Self>, tenant: &TenantId, tenant_limit: u32) -> Result<Permit> {
        let mut in_flight = self.in_flight.lock();
        if in_flight.total >= self.gateway {
            let message =
                format!("the gateway has {} requests in flight; try again, or raise limits.concurrency", self.gateway);
            return Err(Error::new(ErrorCode::GatewayConcurrencyLimit, message));
        }
        match in_flight.by_tenant.get_mut(tenant) {
            Some(count) if *count >= tenant_limit => {
                let message =
                    format!("the tenant has {tenant_limit} requests in flight; try again, or raise its concurrency");
                return Err(Error::new(ErrorCode::TenantConcurrencyLimit, message));
            }
            Some(count) => *count += 1,
            None => {
                in_flight.by_tenant.insert(tenant.clone(), 1);
            }
        }
        in_flight.total += 1;
        Ok(Permit { limits: Arc::clone(self), tenant: tenant.clone() })
    }

    /// Requests of one tenant that are in flight.
    pub(crate) fn in_flight_of(&self, tenant: &TenantId) -> u32 {
        self.in_flight.lock().by_tenant.get(tenant).copied().unwrap_or_default()
    }

    /// Requests in flight in the whole gateway.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.lock().total
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut in_flight = self.limits.in_flight.lock();
        in_flight.total = in_flight.total.saturating_sub(1);
        if let Some(count) = in_flight.by_tenant.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                in_flight.by_tenant.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_permit_makes_room_when_it_is_dropped() {
        let limits = Arc::new(Limits::new(2));
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let first = limits.enter(&a, 1).unwrap();
        assert_eq!(limits.enter(&a, 1).unwrap_err().code(), ErrorCode::TenantConcurrencyLimit);
        let second = limits.enter(&b, 1).unwrap();
        assert_eq!(limits.enter(&b, 9).unwrap_err().code(), ErrorCode::GatewayConcurrencyLimit);
        assert_eq!(limits.in_flight_of(&a), 1);
        drop((first, second));
        assert_eq!((limits.in_flight(), limits.in_flight_of(&a)), (0, 0));
        assert!(limits.in_flight.lock().by_tenant.is_empty());
        limits.enter(&a, 1).unwrap();
    }
}
