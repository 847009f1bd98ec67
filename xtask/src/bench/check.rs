//! How long `why502 check` takes on a large repository: beside reading its files at all, and beside a
//! repository of half its size, which shows what grows faster than the system does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::figure::{Figure, Goal};
use super::process::{Usage, median, run};

/// Shops in the larger repository. Each has a proxy, two programs, a database, and every fourth a
/// load balancer with its firewalls: some 2,000 hops in 5,000 files.
const SHOPS: usize = 500;

/// The files of one shop, by their paths.
fn shop(number: usize) -> Vec<(String, String)> {
    let at = |name: &str| format!("shop-{number}/{name}");
    let mut files = vec![
        (
            at("compose.yaml"),
            format!(
                "services:\n  edge-{number}:\n    image: nginx:1.27\n    volumes: \
                 ['./nginx.conf:/etc/nginx/nginx.conf']\n    stop_grace_period: 90s\n  api-{number}:\n    \
                 build: ./api\n    environment: {{DATABASE_URL: \
                 'postgres://app@db-{number}:5432/shop', STOCK_URL: 'http://stock-{number}:8000'}}\n    \
                 stop_grace_period: 90s\n  stock-{number}:\n    build: ./stock\n  db-{number}:\n    image: \
                 postgres:16\n"
            ),
        ),
        (
            at("nginx.conf"),
            format!(
                "events {{}}\nhttp {{\n  upstream api {{ server api-{number}:3000; keepalive 16; }}\n  \
                 server {{\n    listen 80;\n    location / {{\n      proxy_pass http://api;\n      \
                 proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      \
                 proxy_read_timeout {}s;\n    }}\n  }}\n}}\n",
                30 + number % 60
            ),
        ),
        (
            at("api/Dockerfile"),
            "FROM node:22\nCOPY . .\nCMD [\"node\", \"server.js\"]\n".to_owned(),
        ),
        (
            at("api/package.json"),
            format!("{{\"name\": \"api-{number}\", \"engines\": {{\"node\": \"22\"}}}}\n"),
        ),
        (
            at("api/server.js"),
            "const server = require('http').createServer(answer);\nserver.listen(3000);\n\
             server.keepAliveTimeout = 65000;\n"
                .to_owned(),
        ),
        (at("api/routes.js"), "module.exports = { '/': home, '/items': items };\n".repeat(20)),
        (
            at("stock/Dockerfile"),
            "FROM python:3.12\nCMD [\"gunicorn\", \"-b\", \"0.0.0.0:8000\", \"stock:app\"]\n"
                .to_owned(),
        ),
        (at("stock/requirements.txt"), "gunicorn==22.0.0\nflask==3.0.3\n".to_owned()),
        (at("stock/stock.py"), "def app(environ, start_response):\n    pass\n".repeat(10)),
    ];
    if number.is_multiple_of(4) {
        files.push((at("infra/main.tf"), balancer(number)));
    }
    files
}

fn balancer(number: usize) -> String {
    format!(
        "resource \"aws_security_group\" \"lb{number}\" {{\n  egress {{\n    from_port = 0\n    to_port = 0\n    \
         protocol = \"-1\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }}\n  ingress {{\n    from_port = 443\n    \
         to_port = 443\n    protocol = \"tcp\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }}\n}}\n\
         resource \"aws_lb\" \"front{number}\" {{\n  name = \"shop-{number}\"\n  load_balancer_type = \
         \"application\"\n  idle_timeout = 60\n  security_groups = [aws_security_group.lb{number}.id]\n}}\n\
         resource \"aws_lb_target_group\" \"app{number}\" {{\n  port = 3000\n  protocol = \"HTTP\"\n  health_check \
         {{ path = \"/healthz\" }}\n}}\n\
         resource \"aws_lb_listener\" \"https{number}\" {{\n  load_balancer_arn = aws_lb.front{number}.arn\n  port \
         = 443\n  protocol = \"HTTPS\"\n  default_action {{\n    type = \"forward\"\n    target_group_arn = \
         aws_lb_target_group.app{number}.arn\n  }}\n}}\n"
    )
}

/// Writes a repository of so many shops; the paths of its files.
fn write(folder: &Path, shops: usize) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (name, text) in (0..shops).flat_map(shop) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        paths.push(path);
    }
    Ok(paths)
}

/// The figures. `newlines` is the command that reads the files and counts their lines.
pub(super) fn measure(
    why502: &Path,
    folder: &Path,
    runs: usize,
    newlines: impl Fn(&[PathBuf]) -> Command,
) -> Result<Vec<Figure>> {
    let (half, whole) = (folder.join("half"), folder.join("whole"));
    write(&half, SHOPS / 2)?;
    let files = write(&whole, SHOPS)?;
    eprintln!("check of {} files", files.len());
    let check = |folder: &Path| {
        let mut command = Command::new(why502);
        command.arg("check").arg(folder).args(["--fail-on", "never", "--format", "json"]);
        command
    };
    let round = || -> Result<[Usage; 3]> {
        Ok([run(&mut newlines(&files))?, run(&mut check(&half))?, run(&mut check(&whole))?])
    };
    round()?;
    let rounds: Vec<[Usage; 3]> = (0..runs).map(|_| round()).collect::<Result<_>>()?;
    let ratio = median(rounds.iter().map(|r| r[2].cpu() / r[0].cpu()));
    let growth = median(rounds.iter().map(|r| r[2].cpu() / r[1].cpu()));
    let seconds = median(rounds.iter().map(|r| r[2].cpu()));
    let name = format!("CPU of check on {} files, to that of a newline count", files.len());
    let twice = "CPU of check on a repository twice as large".to_owned();
    Ok(vec![
        Figure::ratio(name, ratio, Goal::at_most(30.0)).at(seconds),
        Figure::ratio(twice, growth, Goal::at_most(2.5)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_ten_files_a_shop_or_nearly() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write(folder.path(), 8).expect("files");
        assert_eq!(files.len(), 8 * 9 + 2);
        assert!(files.iter().all(|file| file.is_file()));
    }
}
