//! Application servers: what gunicorn, uvicorn, uWSGI, PHP-FPM and Puma say of their workers and of
//! themselves, and the requests that some of them log.
mod about;
mod gunicorn;
mod php_fpm;
pub(crate) mod php_fpm_access;
mod puma;
mod server;
mod uvicorn;
mod uwsgi;
mod uwsgi_request;

pub(crate) use server::{GUNICORN, PHP_FPM, PUMA, UVICORN, UWSGI, read};
