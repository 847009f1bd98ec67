//! Amazon API Gateway: REST, HTTP and WebSocket APIs with their integrations.

use std::collections::BTreeMap;

use model::Micros;
use model::config::{Hop, Key, KnownDefault, Product, Route, Setting, Task, Value};

use super::endpoint::endpoint;
use super::lambda::{self, FUNCTIONS};
use super::{Cloud, defaults as known, hop_of};
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name, Reach};
use crate::part::{Names, Part, Unit, put};

const HTTP_APIS: &[&str] =
    &["aws_apigatewayv2_api", "AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi"];
const REST_APIS: &[&str] =
    &["aws_api_gateway_rest_api", "AWS::ApiGateway::RestApi", "AWS::Serverless::Api"];
const HTTP_INTEGRATIONS: &[&str] =
    &["aws_apigatewayv2_integration", "AWS::ApiGatewayV2::Integration"];
const REST_INTEGRATIONS: &[&str] = &["aws_api_gateway_integration", "AWS::ApiGateway::Method"];
const ROUTES: &[&str] = &["aws_apigatewayv2_route", "AWS::ApiGatewayV2::Route"];
const RESOURCES: &[&str] = &["aws_api_gateway_resource", "AWS::ApiGateway::Resource"];
const API: Names = ("api_id|rest_api_id", "ApiId|RestApiId");
/// Parts of a path that are followed.
const MOST_PARTS: usize = 30;

/// Whether an API is of the kind with the fixed bound of 30 s.
type Apis = BTreeMap<Name, (DraftId, bool)>;

/// Reads APIs.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let mut apis = Apis::new();
    for (kinds, product) in
        [(HTTP_APIS, "Amazon API Gateway HTTP API"), (REST_APIS, "Amazon API Gateway REST API")]
    {
        for part in cloud.all(kinds) {
            let websocket = part.get(("protocol_type", "ProtocolType")).word() == "websocket";
            let product = if websocket { "Amazon API Gateway WebSocket API" } else { product };
            let hop = hop_of(cloud, part, Task::Gateway, product, (("", ""), ("", "")));
            let own = cloud.resources.name(&part.resource.address);
            let id = draft.add_hop(hop);
            let http = product.ends_with("HTTP API");
            apis.insert(own, (id, http));
            // The short form of an HTTP API names its only target.
            let target = part.get(("target", "Target"));
            if target.there().is_some() {
                link(cloud, (id, http), target, part, Route::default(), draft);
            }
        }
    }
    let targeting = cloud.all(ROUTES).into_iter();
    let targeting = targeting.map(|route| (route.get(("target", "Target")), route));
    let targeting = cloud.by_target(targeting);
    for part in cloud.all(HTTP_INTEGRATIONS) {
        let api = api(cloud, part, true, &mut apis, draft);
        let target = part.get(("integration_uri", "IntegrationUri"));
        if target.there().is_some() {
            for route in routes(targeting.get(&cloud.key(part))) {
                link(cloud, api, target, part, route, draft);
            }
        }
    }
    for part in cloud.all(REST_INTEGRATIONS) {
        let inner = part.get(("", "Integration")).there().unwrap_or(part);
        let target = inner.get(("uri", "Uri"));
        if target.there().is_some() {
            let api = api(cloud, part, false, &mut apis, draft);
            let route = Route { hosts: Vec::new(), path: path(cloud, part) };
            link(cloud, api, target, inner, route, draft);
        }
    }
    serverless(cloud, &mut apis, draft);
}

/// The API that an integration belongs to; one of its own where the files do not describe it.
fn api(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    http: bool,
    apis: &mut Apis,
    draft: &mut Draft,
) -> (DraftId, bool) {
    let named = part.get(API);
    let found = named.named().and_then(|name| cloud.find(&name));
    let name = match found {
        Some(found) => cloud.resources.name(&found.resource.address),
        None => named.named().unwrap_or_else(|| cloud.resources.name("API")),
    };
    let title = match named.written() {
        text if text.is_empty() => "API Gateway".to_owned(),
        text => text,
    };
    *apis.entry(name.clone()).or_insert_with(|| {
        let hop = new_hop(title, http, part);
        (draft.add_hop(HopDraft::new(hop, vec![name])), http)
    })
}

fn new_hop(title: String, http: bool, part: Part<'_>) -> Hop {
    let mut hop = Hop::new(Task::Gateway, title);
    let name = if http { "Amazon API Gateway HTTP API" } else { "Amazon API Gateway REST API" };
    hop.products.push(Product { name, ..Product::default() });
    hop.at = Some(part.resource.at);
    hop
}

/// A link of an API, with the bound of its integration.
fn link(
    cloud: &Cloud<'_>,
    (from, http): (DraftId, bool),
    target: Part<'_>,
    settings: Part<'_>,
    route: Route,
    draft: &mut Draft,
) {
    let function = lambda::named(target).filter(|name| {
        cloud.find(name).is_some_and(|found| FUNCTIONS.contains(&found.resource.kind.as_str()))
            || target.text().is_some_and(|text| text.contains(":lambda:"))
    });
    let mut made = match function {
        Some(function) => LinkDraft::new(from, Reach::Name(function), target.written()),
        None => {
            let there = endpoint(target);
            let mut made = LinkDraft::new(from, there.to, there.address);
            made.port = there.port;
            if let Some(tls) = there.tls {
                made.settings.set(target.meaning(Key::UpstreamTls, Value::Flag(tls)));
            }
            made
        }
    };
    let bound = settings.get(("timeout_milliseconds", "TimeoutInMillis|TimeoutInMilliseconds"));
    put(&mut made.settings, bound.time(Key::TotalTimeout, Unit::Milliseconds));
    made.settings.set(default(http));
    made.route = route;
    made.at = Some(target.span());
    draft.links.push(made);
}

/// The bound that holds unless a shorter one is set.
fn default(http: bool) -> Setting {
    let (seconds, from): (i64, &'static KnownDefault) =
        if http { (30, &known::HTTP_API) } else { (29, &known::REST_API) };
    let value = Value::Time(Micros::from_secs(seconds));
    Setting::default(Key::TotalTimeout, value, "timeout_milliseconds", from, None)
}

/// The routes that lead to an integration.
fn routes(targeting: Option<&Vec<Part<'_>>>) -> Vec<Route> {
    let mut routes = Vec::new();
    for route in targeting.into_iter().flatten() {
        // `GET /orders`, `$default`
        let key = route.get(("route_key", "RouteKey")).written();
        let path = key.split_once(' ').map_or("", |(_, path)| path).to_owned();
        let made = Route { hosts: Vec::new(), path };
        if !routes.contains(&made) {
            routes.push(made);
        }
    }
    if routes.is_empty() {
        routes.push(Route::default());
    }
    routes
}

/// The path of a method of a REST API, from its resource and those above.
fn path(cloud: &Cloud<'_>, method: Part<'_>) -> String {
    let mut parts = Vec::new();
    let mut at = cloud.follow(method.get(("resource_id", "ResourceId")), RESOURCES);
    while let Some(resource) = at {
        parts.push(resource.get(("path_part", "PathPart")).written());
        if parts.len() > MOST_PARTS {
            break;
        }
        at = cloud.follow(resource.get(("parent_id", "ParentId")), RESOURCES);
    }
    parts.reverse();
    if parts.is_empty() { String::new() } else { format!("/{}", parts.join("/")) }
}

/// Functions of SAM that name the requests they are called for.
fn serverless(cloud: &Cloud<'_>, apis: &mut Apis, draft: &mut Draft) {
    for part in cloud.all(&["AWS::Serverless::Function"]) {
        for (event, at) in part.get(("", "Events")).at.entries() {
            let event_part = part.as_vendor(at);
            let kind = event_part.get(("", "Type"));
            let (http, implicit) = match kind.text() {
                Some("Api") => (false, "ServerlessRestApi"),
                Some("HttpApi") => (true, "ServerlessHttpApi"),
                _ => continue,
            };
            let said = event_part.get(("", "Properties.RestApiId|Properties.ApiId"));
            let name = said.named().unwrap_or_else(|| cloud.resources.name(implicit));
            let title = if said.there().is_some() { said.written() } else { implicit.to_owned() };
            let (from, http) = *apis.entry(name.clone()).or_insert_with(|| {
                let hop = new_hop(title, http, part);
                (draft.add_hop(HopDraft::new(hop, vec![name])), http)
            });
            let own = cloud.resources.name(&part.resource.address);
            let mut made = LinkDraft::new(from, Reach::Name(own), part.resource.address.clone());
            let path = event_part.get(("", "Properties.Path")).written();
            made.route = Route { hosts: Vec::new(), path };
            let at = model::config::Span::new(part.span().file, event.key_at.clone());
            made.at = Some(at);
            let bound = event_part.get(("", "Properties.TimeoutInMillis"));
            put(&mut made.settings, bound.time(Key::TotalTimeout, Unit::Milliseconds));
            made.settings.set(default(http));
            draft.links.push(made);
        }
    }
}
