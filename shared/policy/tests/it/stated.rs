use expect_test::expect;

use crate::shop::compile;

#[test]
fn the_schema_states_what_policies_may_read() {
    let policies = compile("").unwrap();
    expect![[r#"
        // Generated from the configuration and the contracts.
        entity Anonymous;
        entity EventSource;
        entity Function;
        entity Group in [Group];

        // Groups: every HTTP action is in the first, every event action in the second.
        action "http", "events";

        action "createOrder" in ["http"] appliesTo {
          principal: [User],
          resource: [Function],
          context: {
            "input": {
              "discount"?: decimal,
              "gift"?: Bool,
              "items"?: Set<{
                "quantity": Long,
                "sku": String,
              }>,
              "note"?: String,
              "tags"?: Set<String>,
              "total": Long,
            },
            "now": datetime,
            "purpose"?: String, // one of "checkout", "analytics"
            "request": {
              "method": String,
              "path": String,
              "source_ip"?: ipaddr,
            },
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        action "readOrder" in ["http"] appliesTo {
          principal: [User],
          resource: [Order],
          context: {
            "now": datetime,
            "purpose"?: String, // one of "checkout", "analytics"
            "request": {
              "method": String,
              "path": String,
              "source_ip"?: ipaddr,
            },
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        action "status" in ["http"] appliesTo {
          principal: [Anonymous, User],
          resource: [Function],
          context: {
            "now": datetime,
            "purpose"?: String, // one of "checkout", "analytics"
            "request": {
              "method": String,
              "path": String,
              "source_ip"?: ipaddr,
            },
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        action "receiptUploaded" in ["events"] appliesTo {
          principal: [EventSource],
          resource: [Function],
          context: {
            "event": {
              "account"?: String,
              "bucket": String,
              "key": String,
              "owner"?: String,
              "region": String,
              "size"?: Long,
              "source": String, // one of "s3", "sqs", "sns", "eventbridge", "schedule", "dynamodb", "kinesis"
              "type": String,
              "user"?: String,
              "version"?: String,
            },
            "now": datetime,
            "purpose"?: String, // one of "checkout", "analytics"
            "trust": String, // one of "unproven", "attested", "verified"
          }
        };

        // From shop.cedarschema
        entity User in [Group] { level?: Long, manager?: User } tags String;
        entity Order in [Function] { owner: User };
    "#]]
    .assert_eq(policies.schema());
    expect!["createOrder: input.extra: a union of types"].assert_eq(&policies.unstated().join("\n"));
}

/// What is legal and of no use is said, with its place.
#[test]
fn policies_that_no_request_meets_are_warned_of() {
    let policies = compile(
        "permit(principal is User, action == Action::\"readOrder\", resource is Function);\npermit(principal, action, resource);",
    );
    let warnings: Vec<String> = policies.unwrap().warnings().iter().map(ToString::to_string).collect();
    expect![[r#"
        policies/shop.cedar:1:1: for policy `shop#1`, unable to find an applicable action given the policy scope constraints
          hint: no action takes such a principal on such a resource"#]].assert_eq(&warnings.join("\n"));
}
