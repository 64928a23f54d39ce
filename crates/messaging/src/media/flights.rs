//! Work that many wait for and that may take longer than any of them can: it is done once, aside, and each waits for it
//! for a moment only.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

type Outcome<V, E> = Result<V, Arc<E>>;

/// What is under way, by key.
#[derive(Debug)]
pub(super) struct Flights<K, V, E> {
    /// How long after its beginning anybody waits.
    wait: Duration,
    /// How long a failure is told that came when nobody waited any more.
    told: Duration,
    under_way: Mutex<UnderWay<K, V, E>>,
}

#[derive(Debug)]
struct UnderWay<K, V, E> {
    flights: HashMap<K, Flight<V, E>>,
    /// Cut off when everything ends.
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Flight<V, E> {
    begun: Instant,
    landed: watch::Receiver<Option<(Instant, Outcome<V, E>)>>,
}

impl<V, E> Clone for Flight<V, E> {
    fn clone(&self) -> Self {
        Self { begun: self.begun, landed: self.landed.clone() }
    }
}

impl<K, V, E> Flights<K, V, E>
where
    K: Eq + Hash + Clone + Debug,
    V: Clone + Debug + Send + Sync + 'static,
    E: Debug + Send + Sync + 'static,
{
    pub(super) fn new(wait: Duration, told: Duration) -> Self {
        let under_way = UnderWay { flights: HashMap::new(), tasks: JoinSet::new() };
        Self { wait, told, under_way: Mutex::new(under_way) }
    }

    /// The outcome of the work for this key, which is begun if nobody has begun it; `None` if it takes longer than
    /// anybody waits. Whoever comes later still does not wait again.
    pub(super) async fn join<W>(&self, key: K, work: impl FnOnce() -> W) -> Option<Outcome<V, E>>
    where
        W: Future<Output = Result<V, E>> + Send + 'static,
    {
        let Flight { begun, mut landed } = self.find_or_begin(key, work);
        let landed = timeout_at(begun + self.wait, landed.wait_for(Option::is_some)).await;
        // Also nothing: the work panicked, which was reported; the next one begins anew.
        landed.ok()?.ok()?.as_ref().map(|(_, outcome)| outcome.clone())
    }

    fn find_or_begin<W>(&self, key: K, work: impl FnOnce() -> W) -> Flight<V, E>
    where
        W: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        while under_way.tasks.try_join_next().is_some() {}
        let now = Instant::now();
        under_way.flights.retain(|_, flight| !self.is_over(flight, now));
        if let Some(flight) = under_way.flights.get(&key) {
            return flight.clone();
        }
        let (tell, landed) = watch::channel(None);
        let work = work();
        under_way.tasks.spawn(async move {
            let outcome = work.await.map_err(Arc::new);
            tell.send_replace(Some((Instant::now(), outcome)));
        });
        let flight = Flight { begun: now, landed };
        under_way.flights.insert(key, flight.clone());
        flight
    }

    /// Whether nobody needs to know of it any more.
    fn is_over(&self, flight: &Flight<V, E>, now: Instant) -> bool {
        match &*flight.landed.borrow() {
            Some((_, Ok(_))) => true,
            // Who waited knows it; when nobody did, those who come back must learn of it, else it is tried for ever.
            Some((at, Err(_))) => *at < flight.begun + self.wait || now > *at + self.told,
            None => flight.landed.has_changed().is_err(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn work_that_many_want_is_done_once_and_holds_nobody_for_long() {
        let flights = Flights::<u8, u32, String>::new(SOON, LONG);
        let (begun, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let slow = || {
            let (begun, end) = (begun.clone(), end.clone());
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                end.notified().await;
                Ok(7)
            }
        };
        assert_eq!(tokio::join!(flights.join(1, slow), flights.join(1, slow)), (None, None));
        assert_eq!(flights.join(2, || async { Ok(8) }).await, Some(Ok(8)), "others go on");
        assert_eq!(flights.join(1, slow).await, None, "it goes on");
        end.notify_one();
        let mut landed = flights.find_or_begin(1, slow).landed;
        landed.wait_for(Option::is_some).await.expect("an outcome");
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_that_came_late_is_told_to_those_who_come_back() {
        let flights = Flights::<u8, u32, String>::new(SOON, LONG);
        let end = Arc::new(Notify::new());
        let late = || {
            let end = end.clone();
            async move {
                end.notified().await;
                Err("stalled".to_owned())
            }
        };
        assert_eq!(flights.join(1, late).await, None);
        let mut landed = flights.find_or_begin(1, late).landed;
        end.notify_one();
        landed.wait_for(Option::is_some).await.expect("an outcome");
        for _ in 0..2 {
            let told = flights.join(1, || async { Ok(1) }).await;
            assert_eq!(told, Some(Err(Arc::new("stalled".to_owned()))));
        }
        let brief = Flights::<u8, u32, String>::new(LONG, LONG);
        assert!(brief.join(1, || async { Err("no".to_owned()) }).await.is_some_and(|outcome| outcome.is_err()));
        assert_eq!(brief.join(1, || async { Ok(1) }).await, Some(Ok(1)), "who waited knows; the next one tries");
    }
}
