//! Orders of timers that hold where requests failed: what configuration says against a cause.

use model::config::{
    Bearing, Bears, Confidence, LinkId, Order, Origin, PlaceOf, Rule, Setting, System,
};
use model::{Cause, Predicts, Statement, Text};

use super::area::Area;
use super::cite;
use crate::orders::{timers, value_of};
use crate::pieces::{Owner, Piece, pieces};

const HOLDS: Text = Text::new(
    "the order is right there: {longer} ({longer_name}, {longer_at}) against {shorter} ({shorter_name}, \
     {shorter_at})",
    "そこでは順序が正しく設定されています: {longer}（{longer_name}、{longer_at}）に対して {shorter}\
     （{shorter_name}、{shorter_at}）",
);

/// A relation that holds.
type Pair<'s> = (Owner, &'s Setting, Owner, &'s Setting);

/// What configuration says against a cause on links on which requests failed: something only if, on each
/// of them, an order decides the cause, everything the cause asks for holds there, and all of it is
/// written or a constant of the platform.
pub(super) fn against(system: &System, cause: &'static Cause, area: &Area) -> Vec<Bearing> {
    let Predicts::By(rules) = cause.predicts else { return Vec::new() };
    let orders: Vec<&'static Order> = rules
        .iter()
        .filter_map(|rule| if let Rule::Order(order) = *rule { Some(order) } else { None })
        .collect();
    let mut found = Vec::new();
    for &link in &area.links {
        match on_link(system, &orders, link, area) {
            Some((confidence, pairs)) if !pairs.is_empty() => {
                let said =
                    pairs.into_iter().map(|pair| said(system, cause, pair, confidence, area));
                found.extend(said);
            }
            _ => return Vec::new(),
        }
    }
    found.dedup_by(|a, b| a.says == b.says);
    found
}

/// The pairs that decide at a link; `None` if anything there is open or contradicts an order.
fn on_link<'s>(
    system: &'s System,
    orders: &[&'static Order],
    link: LinkId,
    area: &Area,
) -> Option<(Confidence, Vec<Pair<'s>>)> {
    let mut sure = Confidence::High;
    let mut deciding = Vec::new();
    for order in orders {
        for piece in pieces(system, order.shape) {
            if piece.link != Some(link) || !order.when.iter().all(|g| piece.meets(system, g)) {
                continue;
            }
            let pairs = pairs(system, order, piece)?;
            sure = sure.min(confidence(system, piece, area));
            if order.decides {
                deciding.extend(pairs);
            }
        }
    }
    (sure == Confidence::High).then_some((sure, deciding))
}

fn pairs<'s>(system: &'s System, order: &Order, piece: Piece) -> Option<Vec<Pair<'s>>> {
    let shorter = timers(system, piece, &order.shorter);
    let longer = timers(system, piece, &order.longer);
    let all = shorter.iter().chain(&longer);
    for &(owner, key) in all {
        if !is_certain(owner.setting(system, key)?) {
            return None;
        }
    }
    let least = shorter.into_iter().min_by_key(|timer| value_of(system, *timer))?;
    let needed = value_of(system, least)?.saturating_add(order.margin.0);
    let mut pairs = Vec::new();
    for timer in longer {
        if value_of(system, timer)? < needed {
            return None;
        }
        pairs.push((
            timer.0,
            timer.0.setting(system, timer.1)?,
            least.0,
            least.0.setting(system, least.1)?,
        ));
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// Whether nothing but an edit of the files could have given it another value.
fn is_certain(setting: &Setting) -> bool {
    match setting.origin {
        Origin::Written(_) => true,
        Origin::Default { known, assumed, .. } => known.fixed && !assumed,
    }
}

/// As sure as the link; one that was concluded from its port is sure where the logs name that port.
fn confidence(system: &System, piece: Piece, area: &Area) -> Confidence {
    match piece.confidence(system) {
        Confidence::Medium if piece.next.is_none() && area.is_one_link(system) => Confidence::High,
        other => other,
    }
}

fn said(
    system: &System,
    cause: &'static Cause,
    (longer_owner, longer, shorter_owner, shorter): Pair<'_>,
    confidence: Confidence,
    area: &Area,
) -> Bearing {
    let says = Statement::plain(HOLDS)
        .with("longer", &longer.value)
        .with("longer_name", longer.name)
        .with("longer_at", cite::place_of(system, longer))
        .with("shorter", &shorter.value)
        .with("shorter_name", shorter.name)
        .with("shorter_at", cite::place_of(system, shorter));
    let place = |owner: Owner, setting: &Setting| {
        let name = &system.hop(owner.hop(system)).name;
        (PlaceOf::Setting(setting.clone()), setting.stated(name))
    };
    let places = [place(longer_owner, longer), place(shorter_owner, shorter)];
    Bearing {
        bears: Bears::Contradicts,
        cause,
        says,
        meet: None,
        confidence,
        same_link: area.is_one_link(system),
        only_one: area.is_only_one(system),
        places: cite::places(system, &places),
        changes: Vec::new(),
        fingerprint: String::new(),
    }
}
