# Everything that the services send leaves through one NAT with one address.
variable "region" {
  default = "europe-west1"
}

resource "google_compute_network" "shop" {
  name                    = "shop"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "run" {
  name          = "shop-run"
  region        = var.region
  network       = google_compute_network.shop.id
  ip_cidr_range = "10.8.0.0/20"
}

resource "google_compute_address" "nat" {
  name   = "shop-nat"
  region = var.region
}

resource "google_compute_router" "shop" {
  name    = "shop"
  region  = var.region
  network = google_compute_network.shop.id
}

resource "google_compute_router_nat" "shop" {
  name                               = "shop-nat"
  router                             = google_compute_router.shop.name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.nat.self_link]
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_sql_database_instance" "shop" {
  name             = "shop-db"
  database_version = "POSTGRES_16"
  region           = var.region
  settings {
    tier = "db-custom-8-61440"
    ip_configuration {
      ipv4_enabled = true
    }
  }
}
