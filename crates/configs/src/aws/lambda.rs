//! Functions of AWS Lambda.

use model::config::{Key, Setting, Task, Value};

use super::{Cloud, defaults as known, environment, hop_of};
use crate::draft::{Draft, Name};
use crate::part::{Part, put};

pub(super) const FUNCTIONS: &[&str] =
    &["aws_lambda_function", "AWS::Lambda::Function", "AWS::Serverless::Function"];
const ALIASES: &[&str] = &["aws_lambda_alias", "AWS::Lambda::Alias"];

/// Reads functions.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let aliases = cloud.all(ALIASES).into_iter();
    let aliases = aliases.map(|alias| (alias.get(("function_name", "FunctionName")), alias));
    let aliases = cloud.by_target(aliases);
    for part in cloud.all(FUNCTIONS) {
        let groups = ("vpc_config.security_group_ids", "VpcConfig.SecurityGroupIds");
        let subnets = ("vpc_config.subnet_ids", "VpcConfig.SubnetIds");
        let mut hop = hop_of(cloud, part, Task::App, "AWS Lambda", (groups, subnets));
        // An alias of a function is the function.
        for alias in aliases.get(&cloud.key(part)).into_iter().flatten() {
            hop.names.extend(cloud.names(*alias));
        }
        let variables = part.get(("environment.variables", "Environment.Variables"));
        hop.environment = environment::mapped(cloud, variables);
        let set = &mut hop.hop.settings;
        put(set, part.get(("timeout", "Timeout")).seconds(Key::RequestTimeout));
        set.set(known::seconds(Key::RequestTimeout, 3, "timeout", &known::LAMBDA));
        put(set, memory(part));
        let default = Value::Bytes(128 << 20);
        set.set(Setting::default(Key::MemoryLimit, default, "memory_size", &known::LAMBDA, None));
        let reserved = part.get((
            "reserved_concurrent_executions",
            "ReservedConcurrentExecutions|Concurrency.ReservedConcurrentExecutions",
        ));
        // -1 takes the reservation away.
        put(set, reserved.count(Key::ReservedConcurrency));
        set.set(known::count(Key::Concurrency, 1, "concurrency", &known::LAMBDA_FIXED));
        let most = Value::Bytes(6 << 20);
        let name = "response payload";
        let most =
            Setting::default(Key::MaxResponsePayload, most, name, &known::LAMBDA_FIXED, None);
        set.set(most);
        draft.add_hop(hop);
    }
}

fn memory(part: Part<'_>) -> Option<Setting> {
    let size = part.get(("memory_size", "MemorySize"));
    size.setting(Key::MemoryLimit, |size| Some(Value::Bytes(size.number()?.checked_shl(20)?)))
}

/// The function that a reference means, however it is wrapped: an ARN for invocations holds that of
/// the function.
pub(super) fn named(part: Part<'_>) -> Option<Name> {
    let text = part.text().unwrap_or_default();
    // arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations
    let inner =
        text.split_once("/functions/").and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    match inner {
        Some(arn) => Some(Name::id("aws", arn)),
        None => part.named(),
    }
}
