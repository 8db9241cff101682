//! A bulk object whose connection is cut goes on where it stopped, and is believed only as a whole.

use agreements::statements::ReceiptStage;
use agreements::{Action, ObjectId, RequestId};
use recipient::store::requests::RequestStatus;

use crate::world::World;

/// A world whose provider has announced an object of about 350 KiB; the collector does not run.
async fn announced() -> (World, RequestId, ObjectId, usize) {
    let mut world = World::joined().await;
    let request = world.ask_for(Action::Bulk).await;
    let (question, role) = world.question(request).await;
    world.crash().await;
    let records: Vec<String> =
        (0..5000).map(|n| format!(r#"{{"declaration":{{"number":"ps1-{n:026}"}}}}"#)).collect();
    let object = world.provider().answer_in_bulk(&question, &role, &records);
    let bytes = world.provider().objects[&object].len();
    assert!(bytes > 300_000, "{bytes}");
    world.reopen().await;
    (world, request, object, bytes)
}

async fn is_answered(world: &World, request: RequestId, object: ObjectId) {
    let (_, note) = world.receipt(ReceiptStage::Held).await;
    world.provider().give_key(object, &note);
    assert_eq!(world.settled(request).await.status, RequestStatus::Answered);
    let sealed = world.home.objects_dir().join(format!("{object}.sealed"));
    assert_eq!(std::fs::read(sealed).unwrap(), world.provider().objects[&object]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_cut_goes_on_where_it_stopped() {
    let (mut world, request, object, _) = announced().await;
    world.provider().cuts = vec![150_000, 100_000];
    world.start();
    is_answered(&world, request, object).await;
    assert_eq!(world.provider().ranges, [None, Some(100_000), Some(250_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_after_the_program_was_killed() {
    let (mut world, request, object, _) = announced().await;
    world.provider().cuts = vec![100_000];
    world.start();
    let part = world.home.objects_dir().join(format!("{object}.part"));
    world.until("the first part", |_| part.metadata().is_ok_and(|file| file.len() == 100_000)).await;
    world.crash().await;
    world.reopen().await;
    world.provider().ranges.clear();
    world.start();
    is_answered(&world, request, object).await;
    assert_eq!(world.provider().ranges.first(), Some(&Some(100_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_serves_no_parts_is_asked_for_the_whole() {
    let (mut world, request, object, _) = announced().await;
    {
        let mut provider = world.provider();
        provider.cuts = vec![100_000];
        provider.serves_parts = false;
    }
    world.start();
    is_answered(&world, request, object).await;
    assert_eq!(world.provider().ranges, [None, Some(100_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_do_not_fit_are_thrown_away_and_the_whole_is_fetched() {
    let (mut world, request, object, _) = announced().await;
    world.provider().cuts = vec![100_000];
    world.start();
    let part = world.home.objects_dir().join(format!("{object}.part"));
    world.until("the first part", |_| part.metadata().is_ok_and(|file| file.len() == 100_000)).await;
    world.crash().await;
    world.reopen().await;
    std::fs::write(&part, vec![7; 100_000]).unwrap();
    world.provider().ranges.clear();
    world.start();
    is_answered(&world, request, object).await;
    assert_eq!(world.provider().ranges, [Some(100_000), None]);
    assert!(!part.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_wrong_as_a_whole_is_refused_though_it_came_in_parts() {
    let (mut world, request, object, _) = announced().await;
    {
        let mut provider = world.provider();
        provider.cuts = vec![100_000];
        *provider.objects.get_mut(&object).unwrap().last_mut().unwrap() ^= 1;
    }
    world.start();
    assert_eq!(world.settled(request).await.status, RequestStatus::Alarm);
    // Once in parts, which could have been damaged here, and once whole.
    assert_eq!(world.provider().ranges, [None, Some(100_000), None]);
    assert!(std::fs::read_dir(world.home.objects_dir()).unwrap().next().is_none());
}
