//! Group commit: what waits commits together, and nobody pays for a neighbour.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use anyhow::{Context as _, Result};
use store::StoreError;
use store::group::{self, Connect, Group};
use store::hot::{Accept, Accepted, Answer, Command};
use store::message;
use store::pools::Pools;
use testkit::engine::TestDatabase;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{World, new_id, pools};

/// Lets one batch through per permit and tells when one stands before it.
struct Gate {
    pools: Pools,
    arrived: Semaphore,
    open: Semaphore,
}

struct Gated(Arc<Gate>);

impl Connect<Command> for Gated {
    async fn pools(&self, _: &[Command]) -> Result<Pools, StoreError> {
        self.0.arrived.add_permits(1);
        self.0.open.acquire().await.expect("the gate stays").forget();
        Ok(self.0.pools.clone())
    }
}

type Committing = Pin<Box<dyn Future<Output = Result<Answer, StoreError>> + Send>>;

/// A writer of our own on the store's database, whose batches a test decides.
struct Writer {
    world: World,
    group: Group<Command>,
    gate: Arc<Gate>,
    running: JoinSet<()>,
}

impl Writer {
    async fn start(db: TestDatabase, queue_max: usize) -> Result<Self> {
        let world = World::open(db).await?;
        let pools = pools(&world.db).await?;
        let gate = Arc::new(Gate { pools, arrived: Semaphore::new(0), open: Semaphore::new(0) });
        let (group, writer) = group::group::<Command>(queue_max);
        let mut running = JoinSet::new();
        running.spawn(writer.run(Gated(gate.clone())));
        Ok(Self { world, group, gate, running })
    }

    /// Hands a command in; what is answered must be awaited.
    async fn hand_in(&self, accept: Accept) -> Result<Committing> {
        let group = self.group.clone();
        let mut committing: Committing = Box::pin(async move { group.commit(Command::Accept(Box::new(accept))).await });
        let first = std::future::poll_fn(|context| Poll::Ready(committing.as_mut().poll(context))).await;
        match first {
            Poll::Pending => Ok(committing),
            Poll::Ready(answer) => Err(answer.err().context("answered before the gate was open")?.into()),
        }
    }

    /// Hands in one command and waits until the writer stands with it before the gate.
    async fn occupy(&self) -> Result<Committing> {
        let plug = self.hand_in(self.world.accept("+919000000000")).await?;
        self.gate.arrived.acquire().await?.forget();
        Ok(plug)
    }

    async fn stop(self) -> World {
        let Self { world, group, gate, running } = self;
        drop(group);
        running.join_all().await;
        gate.pools.close().await;
        world
    }
}

fn accepted(answer: Result<Answer, StoreError>) -> Result<Accepted> {
    match answer? {
        Answer::Accept(accepted) => Ok(accepted),
        other => anyhow::bail!("another command's answer: {other:?}"),
    }
}

/// Hands in 256 commands of which `poison` spoils one; the others are stored, that one is answered its error.
async fn one_of_256_is_spoilt(writer: Writer, poison: impl Fn(Accept) -> Accept) -> Result<World> {
    let plug = writer.occupy().await?;
    let mut answers = Vec::new();
    for place in 0..256 {
        let accept = Accept {
            excerpt: format!("line {place}"),
            reference: Some(format!("r{place}")),
            ..writer.world.accept(&format!("+91987654{place:04}"))
        };
        answers.push(writer.hand_in(if place == 100 { poison(accept) } else { accept }).await?);
    }
    writer.gate.open.add_permits(2);
    accepted(plug.await)?;
    for (place, answer) in answers.into_iter().enumerate() {
        let answer = answer.await;
        if place == 100 {
            assert!(matches!(answer, Err(StoreError::Statement(_))), "{answer:?}");
            continue;
        }
        let message = writer.world.message(new_id(accepted(answer)?)?).await?;
        assert_eq!(message.excerpt, format!("line {place}"), "answers are in the order of their commands");
    }
    // The writer asked for a connection twice: once for the plug, once for the 256.
    assert_eq!(writer.gate.arrived.available_permits(), 1);
    let world = writer.stop().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 256);
    assert_eq!(world.number("SELECT COUNT(*) FROM event").await?, 256);
    assert_eq!(world.number("SELECT COUNT(*) FROM contact_identity WHERE value = '+919876540100'").await?, 0);
    Ok(world)
}

testkit::on_both_engines! {
    async fn a_text_that_no_database_takes_spoils_only_its_own_command(db: TestDatabase) -> Result<()> {
        let writer = Writer::start(db, 512).await?;
        let world = one_of_256_is_spoilt(writer, |accept| Accept { excerpt: "a\0b".to_owned(), ..accept }).await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 256);
        Ok(())
    }

    async fn a_refused_statement_spoils_only_its_own_command(db: TestDatabase) -> Result<()> {
        let writer = Writer::start(db, 512).await?;
        writer.world.execute("CREATE UNIQUE INDEX for_this_test ON message (reference)").await?;
        let taken = Accept { reference: Some("taken".to_owned()), ..writer.world.accept("+919000000000") };
        let first = new_id(writer.world.store.hot().accept(taken).await?)?;
        writer.world.execute("DELETE FROM outbox").await?;
        writer.world.execute("DELETE FROM event").await?;
        let world =
            one_of_256_is_spoilt(writer, |accept| Accept { reference: Some("taken".to_owned()), ..accept }).await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message WHERE reference = 'taken'").await?, 1);
        assert_eq!(world.message(first).await?.excerpt, "Hello");
        Ok(())
    }

    async fn a_full_queue_answers_unavailable_at_once(db: TestDatabase) -> Result<()> {
        let writer = Writer::start(db, 3).await?;
        let mut waiting = vec![writer.occupy().await?];
        for _ in 0..3 {
            waiting.push(writer.hand_in(writer.world.accept("+919876543210")).await?);
        }
        let refused = writer.group.commit(Command::Accept(Box::new(writer.world.accept("+919876543210")))).await;
        assert!(matches!(&refused, Err(StoreError::Unavailable(text)) if text.contains("too many")), "{refused:?}");
        let (group, accept) = (writer.group.clone(), writer.world.accept("+919876543210"));
        let mut patient: Committing =
            Box::pin(async move { group.commit_patiently(Command::Accept(Box::new(accept))).await });
        assert!(std::future::poll_fn(|cx| Poll::Ready(patient.as_mut().poll(cx))).await.is_pending());
        writer.gate.open.add_permits(9);
        for answer in waiting {
            accepted(answer.await)?;
        }
        accepted(patient.await)?;
        let world = writer.stop().await;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 5);
        Ok(())
    }

    async fn who_goes_away_does_not_take_the_others_along(db: TestDatabase) -> Result<()> {
        let writer = Writer::start(db, 16).await?;
        let plug = writer.occupy().await?;
        let gone = writer.hand_in(writer.world.accept("+919876543210")).await?;
        let stays = writer.hand_in(writer.world.accept("+919876543211")).await?;
        drop(gone);
        writer.gate.open.add_permits(2);
        accepted(plug.await)?;
        accepted(stays.await)?;
        writer.stop().await;
        Ok(())
    }

    async fn every_answer_comes_after_its_commit(db: TestDatabase) -> Result<()> {
        let world = Arc::new(World::open(db).await?);
        let other = pools(&world.db).await?;
        let mut callers = JoinSet::new();
        for place in 0..64 {
            let (world, other) = (world.clone(), other.clone());
            callers.spawn(async move {
                let id = world.send(&format!("+91987654{place:04}")).await?;
                let mut reading = other.read().await?;
                let found = message::find(&mut reading.conn(), &world.scope(), id).await?;
                assert_eq!(found.context("answered before the commit")?.address, format!("+91987654{place:04}"));
                anyhow::Ok(())
            });
        }
        callers.join_all().await.into_iter().collect::<Result<()>>()?;
        other.close().await;
        Ok(())
    }
}
