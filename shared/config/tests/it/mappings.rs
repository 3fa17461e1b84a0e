use std::time::Duration;

use doorward_config::{Mapping, MappingKind, QueueRule, StartingPosition, StreamRule, parse};
use expect_test::{Expect, expect};

use crate::shop::check_text;

/// A door with pinned sources of every kind, and these sections.
fn with(sections: &str) -> String {
    let fronts =
        ["queue:q", "queue:q.fifo", "stream:s", "table:t", "bucket:b"].map(|front| format!("'{front}'"));
    format!("[door]\nname = 'd'\ntable = 't'\nfronts = [{}]\n{sections}", fronts.join(", "))
}

fn read(sections: &str) -> Vec<Mapping> {
    parse("doorward.toml", &with(sections)).unwrap().mappings
}

#[track_caller]
fn check(sections: &str, expected: Expect) {
    check_text(&with(sections), expected);
}

#[test]
fn what_is_not_said_is_as_lambda_has_it() {
    assert_eq!(read(""), []);
    let mappings = read("[[mappings]]\nfront = 'queue:q'\n[[mappings]]\nfront = 'stream:s'");
    let [queue, stream] = mappings.as_slice() else { panic!("{mappings:?}") };
    assert_eq!((queue.batch_size, queue.batching_window), (10, Duration::ZERO));
    assert_eq!(queue.kind, MappingKind::Queue(QueueRule::default()));
    assert_eq!((stream.batch_size, stream.batching_window), (100, Duration::ZERO));
    assert_eq!(stream.kind, MappingKind::Stream(StreamRule::default()));
    assert!(StreamRule::default().bisect_batch_on_function_error);
}

#[test]
fn what_is_said_is_held_for_its_front() {
    let config = parse(
        "doorward.toml",
        &with(
            "[[mappings]]\nfront = 'queue:q'\nbatch_size = 10000\nbatching_window = '5m'\n\
             maximum_concurrency = 1000\nvisibility_timeout = '12h'\nmaximum_receives = 1000\n\
             [[mappings]]\nfront = 'queue:q.fifo'\nbatch_size = 10\nbatching_window = '0s'\n\
             [[mappings]]\nfront = 'table:t'\nbatch_size = 10000\nmaximum_retry_attempts = 0\n\
             bisect_batch_on_function_error = false\nstarting_position = 'latest'\n",
        ),
    )
    .unwrap();
    let of = |front: &str| config.mapping(&front.parse().unwrap());
    let queue = of("queue:q").unwrap();
    assert_eq!((queue.batch_size, queue.batching_window), (10_000, Duration::from_secs(300)));
    let rule = QueueRule {
        maximum_concurrency: Some(1000),
        visibility_timeout: Some(Duration::from_secs(43_200)),
        maximum_receives: Some(1000),
    };
    assert_eq!(queue.kind, MappingKind::Queue(rule));
    assert_eq!(of("queue:q.fifo").unwrap().batch_size, 10);
    let table = of("table:t").unwrap();
    let rule = StreamRule {
        maximum_retry_attempts: Some(0),
        bisect_batch_on_function_error: false,
        starting_position: StartingPosition::Latest,
    };
    assert_eq!((table.batch_size, &table.kind), (10_000, &MappingKind::Stream(rule)));
    assert_eq!(of("stream:s"), None);
}

#[test]
fn a_mapping_is_of_a_pinned_source_that_is_polled() {
    check(
        "[[mappings]]\nbatch_size = 5\n[[mappings]]\nfront = 'bucket:b'\n[[mappings]]\nfront = 'queue:other'\n\
         [[mappings]]\nfront = 'q'\n[[mappings]]\nfront = 'queue:q'\n[[mappings]]\nfront = 'queue:q'",
        expect![[r#"
            doorward.toml:5:1: missing key `front` in `[[mappings]]`
            doorward.toml:8:9: `bucket:b` has no event source mapping
              hint: queues, streams and tables are polled; all else invokes by itself
            doorward.toml:10:9: `queue:other` may not send anything
              hint: add `queue:other` to `fronts`
            doorward.toml:12:9: `q` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`
            doorward.toml:16:9: `queue:q` has two mappings
              hint: the first one is on line 14"#]],
    );
}

#[test]
fn a_batch_is_within_what_lambda_takes() {
    check(
        "[[mappings]]\nfront = 'queue:q'\nbatch_size = 11\n\
         [[mappings]]\nfront = 'queue:q.fifo'\nbatch_size = 11\nbatching_window = '1s'\n\
         [[mappings]]\nfront = 'stream:s'\nbatch_size = 10001\nbatching_window = '301s'\n\
         [[mappings]]\nfront = 'table:t'\nbatch_size = 0\nbatching_window = '1500ms'",
        expect![[r#"
            doorward.toml:7:14: 11 messages are not gathered at once
              hint: set `batching_window` to `1s` or more, or `batch_size` to 10 or less
            doorward.toml:10:14: `11` is not between 1 and 10
            doorward.toml:11:19: messages of a FIFO queue are not gathered
              hint: leave `batching_window` out
            doorward.toml:14:14: `10001` is not between 1 and 10000
            doorward.toml:15:19: `301s` is not between `0s` and `5m`
            doorward.toml:18:14: `0` is not between 1 and 10000
            doorward.toml:19:19: `1500ms` is no whole number of seconds"#]],
    );
    check(
        "[[mappings]]\nfront = 'queue:q'\nbatch_size = 10001\nbatching_window = '999ms'",
        expect![[r#"
        doorward.toml:7:14: `10001` is not between 1 and 10000
        doorward.toml:8:19: `999ms` is no whole number of seconds"#]],
    );
}

#[test]
fn each_kind_of_source_has_keys_of_its_own() {
    check(
        "[[mappings]]\nfront = 'queue:q'\nmaximum_retry_attempts = 2\nbisect_batch_on_function_error = true\n\
         starting_position = 'latest'\n[[mappings]]\nfront = 'table:t'\nmaximum_receives = 2\n\
         visibility_timeout = '1s'\nmaximum_concurrency = 2\nbatchsize = 3",
        expect![[r#"
            doorward.toml:7:26: `queue:q` is no stream
              hint: messages of queues have `visibility_timeout` and `maximum_receives`
            doorward.toml:8:34: `queue:q` is no stream
              hint: messages of queues have `visibility_timeout` and `maximum_receives`
            doorward.toml:9:21: `queue:q` is no stream
              hint: messages of queues have `visibility_timeout` and `maximum_receives`
            doorward.toml:12:20: `table:t` is no queue
              hint: records of streams have `maximum_retry_attempts`
            doorward.toml:13:22: `table:t` is no queue
              hint: records of streams have `maximum_retry_attempts`
            doorward.toml:14:23: `table:t` is no queue
              hint: records of streams have `maximum_retry_attempts`
            doorward.toml:15:1: unknown key `batchsize` in `[[mappings]]`
              hint: did you mean `batch_size`?"#]],
    );
    check(
        "[[mappings]]\nfront = 'queue:q'\nmaximum_receives = 0\nvisibility_timeout = '0s'\nmaximum_concurrency = 1\n\
         [[mappings]]\nfront = 'stream:s'\nmaximum_retry_attempts = -1\nbisect_batch_on_function_error = 1\n\
         starting_position = 'LATEST'",
        expect![[r#"
            doorward.toml:7:20: `0` is not between 1 and 1000
            doorward.toml:8:22: `0s` is not between `1s` and `12h`
            doorward.toml:9:23: `1` is not between 2 and 1000
            doorward.toml:12:26: `-1` is not between 0 and 10000
            doorward.toml:13:34: expected a boolean, found an integer
            doorward.toml:14:21: unknown value `LATEST`
              hint: did you mean `latest`?"#]],
    );
}

#[test]
fn while_fronts_are_faulty_no_mapping_is_held_against_them() {
    check_text(
        "[door]\nname = 'd'\ntable = 't'\nfronts = ['queue']\n[[mappings]]\nfront = 'queue:q'",
        expect![
            "doorward.toml:4:11: `queue` is not a front: expected `rest-api:ID`, `http-api:ID`, `websocket-api:ID`, `function-url:ID`, `alb:NAME/ID`, `bucket:NAME`, `queue:NAME`, `topic:NAME`, `bus:ACCOUNT`, `schedule:NAME`, `schedule:GROUP/NAME`, `table:NAME` or `stream:NAME`"
        ],
    );
}
