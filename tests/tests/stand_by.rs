//! One broker writes at a time: another stands by, follows one that is gone or hangs, and one that
//! wakes too late writes nothing.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test with its helpers"
)]

use std::time::{Duration, Instant};

use tests::harness::{On, World};

tests::on_both!(a_stand_by_takes_over_when_the_writer_is_gone, a_second_broker_does_not_start);

async fn answered(world: &World) {
    let recipient = &world.recipients[0];
    let said = recipient.ask(&recipient.question()).await;
    assert_eq!(said["status"], "answered", "{said}\n{}", world.said());
}

async fn a_stand_by_takes_over_when_the_writer_is_gone(on: On) {
    let mut world = World::on(on, 1).await;
    answered(&world).await;
    for _ in 0..2 {
        let (stand_by, _) = world.stand_by(false);
        tokio::time::sleep(Duration::from_millis(800)).await;
        answered(&world).await;
        world.kill().await;
        world.taken_over(stand_by).await;
        answered(&world).await;
    }
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
    assert_eq!(log.of("disclosure").count(), 5);
    // At least the first start and both takings over.
    assert!(log.of("started").count() >= 3);
}

async fn a_second_broker_does_not_start(on: On) {
    let world = World::on(on, 1).await;
    let Err(refused) = world.second().await else { panic!("two brokers write") };
    assert!(refused.contains("another broker writes to this store"), "{refused}");
    answered(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_hangs_is_followed_and_writes_nothing_when_it_wakes() {
    if !On::Postgres.is_there() {
        return;
    }
    let mut world = World::on(On::Postgres, 1).await;
    answered(&world).await;
    let asking = world.recipients[0].asking();
    // Questions come all the while, so that it is stopped in the middle of its work.
    let busy = tokio::spawn(async move {
        for _ in 0..8 {
            let question = tests::harness::Question { wait_seconds: 0, ..asking.question() };
            asking.ask(&question).await;
        }
    });
    let (stand_by, address) = world.stand_by(true);
    let paused = world.take_broker();
    paused.pause().await;
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(40), "nobody took over\n{}", world.said());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    paused.wake().await;
    // It finds that another writes, and ends by itself.
    let ended = paused.ended().await;
    assert!(!ended.success(), "it went on as if nothing had happened");
    let said = world.said();
    assert!(said.contains("another broker"), "{said}");
    busy.await.unwrap();
    drop(stand_by);
    tokio::time::sleep(Duration::from_millis(300)).await;

    world.start().await.expect("the broker starts again");
    answered(&world).await;
    let log = world.log().await;
    assert_eq!(log.verify().await.code, 0);
}
