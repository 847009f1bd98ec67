//! The instances of a host as the list of servers in the grammar of whoever reads it.

use std::net::Ipv4Addr;

use model::Server;

/// One instance.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The name of its host, such as `api-2`.
    pub name: &'a str,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
}

/// What `{{members:host:port options}}` becomes in the configuration of `reader`.
///
/// | reader | text | where it belongs | `options` |
/// |---|---|---|---|
/// | nginx | lines `server ip:port options;` | inside `upstream` | parameters such as `max_fails=0` |
/// | HAProxy | lines `server name ip:port options` | inside `backend` | such as `check inter 1s` |
/// | Envoy | one line `members: [ … ]` | inside a cluster without `type` | fields of each `lb_endpoint` |
/// | Apache | lines `BalancerMember "http://ip:port" options` | inside `<Proxy balancer://…>` | such as `retry=0` |
/// | DNS | lines `ip name` | anywhere | the name that has these addresses |
/// | others | `ip:port,ip:port` | in a string | not used |
#[must_use]
pub fn members(reader: Server, members: &[Member<'_>], options: &str) -> String {
    let after = if options.is_empty() { String::new() } else { format!(" {options}") };
    let each = |line: &dyn Fn(&Member<'_>) -> String, separator: &str| {
        members.iter().map(line).collect::<Vec<_>>().join(separator)
    };
    match reader {
        Server::Nginx => each(&|m| format!("server {}:{}{after};", m.address, m.port), "\n"),
        Server::HAProxy => {
            each(&|m| format!("server {} {}:{}{after}", m.name, m.address, m.port), "\n")
        }
        Server::Apache => {
            each(&|m| format!("BalancerMember \"http://{}:{}\"{after}", m.address, m.port), "\n")
        }
        Server::Envoy => {
            let more = if options.is_empty() { String::new() } else { format!(", {options}") };
            let one = |m: &Member<'_>| {
                let (address, port) = (m.address, m.port);
                format!(
                    "{{endpoint: {{address: {{socket_address: {{address: {address}, \
                     port_value: {port}}}}}}}{more}}}"
                )
            };
            format!("members: [{}]", each(&one, ", "))
        }
        Server::Dns => each(&|m| format!("{}{after}", m.address), "\n"),
        Server::Node | Server::Gunicorn | Server::Uvicorn | Server::Postgres => {
            each(&|m| format!("{}:{}", m.address, m.port), ",")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_in_its_grammar() {
        let two = [
            Member { name: "api-1", address: Ipv4Addr::new(10, 50, 0, 3), port: 8080 },
            Member { name: "api-2", address: Ipv4Addr::new(10, 50, 0, 4), port: 8080 },
        ];
        let text = |server, options| members(server, &two, options);
        assert_eq!(
            text(Server::Nginx, "max_fails=0"),
            "server 10.50.0.3:8080 max_fails=0;\nserver 10.50.0.4:8080 max_fails=0;"
        );
        assert_eq!(
            text(Server::HAProxy, "check"),
            "server api-1 10.50.0.3:8080 check\nserver api-2 10.50.0.4:8080 check"
        );
        assert_eq!(
            text(Server::Apache, ""),
            "BalancerMember \"http://10.50.0.3:8080\"\nBalancerMember \"http://10.50.0.4:8080\""
        );
        assert_eq!(
            text(Server::Dns, "api.internal"),
            "10.50.0.3 api.internal\n10.50.0.4 api.internal"
        );
        assert_eq!(text(Server::Node, ""), "10.50.0.3:8080,10.50.0.4:8080");
        assert_eq!(
            members(Server::Envoy, &two[..1], "load_balancing_weight: 2"),
            "members: [{endpoint: {address: {socket_address: {address: 10.50.0.3, port_value: \
             8080}}}, load_balancing_weight: 2}]"
        );
        assert_eq!(members(Server::Envoy, &[], ""), "members: []");
    }
}
