resource "google_compute_region_network_endpoint_group" "front" {
  name                  = "front"
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = google_cloud_run_v2_service.front.name
  }
}

resource "google_compute_region_network_endpoint_group" "api" {
  name                  = "graphql-api"
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = google_cloud_run_v2_service.graphql_api.name
  }
}

# The API is for our own pages: nobody else's address may ask it.
resource "google_compute_security_policy" "api" {
  name = "graphql-api"

  rule {
    action   = "allow"
    priority = 1000
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["${google_compute_address.nat.address}/32"]
      }
    }
  }

  rule {
    action   = "deny(403)"
    priority = 2147483647
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "front" {
  name                  = "front"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  backend {
    group = google_compute_region_network_endpoint_group.front.id
  }
}

resource "google_compute_backend_service" "api" {
  name                  = "graphql-api"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.api.id
  backend {
    group = google_compute_region_network_endpoint_group.api.id
  }
}

resource "google_compute_url_map" "shop" {
  name            = "shop"
  default_service = google_compute_backend_service.front.id
  host_rule {
    hosts        = ["www.shop.example"]
    path_matcher = "shop"
  }
  path_matcher {
    name            = "shop"
    default_service = google_compute_backend_service.front.id
    path_rule {
      paths   = ["/graphql", "/graphql/*"]
      service = google_compute_backend_service.api.id
    }
  }
}

resource "google_compute_managed_ssl_certificate" "shop" {
  name = "shop"
  managed {
    domains = ["www.shop.example"]
  }
}

resource "google_compute_target_https_proxy" "shop" {
  name             = "shop"
  url_map          = google_compute_url_map.shop.id
  ssl_certificates = [google_compute_managed_ssl_certificate.shop.id]
}

resource "google_compute_global_address" "shop" {
  name = "shop"
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = "shop-https"
  target                = google_compute_target_https_proxy.shop.id
  ip_address            = google_compute_global_address.shop.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
