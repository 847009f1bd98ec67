resource "google_cloud_run_v2_service" "front" {
  name     = "front"
  location = var.region
  ingress  = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  template {
    max_instance_request_concurrency = 80
    scaling {
      min_instance_count = 20
      max_instance_count = 300
    }
    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = google_compute_network.shop.id
        subnetwork = google_compute_subnetwork.run.id
      }
    }
    containers {
      image = "europe-west1-docker.pkg.dev/shop/web/front:1.4"
      ports {
        container_port = 3000
      }
      env {
        name  = "API_URL"
        value = "https://www.shop.example/graphql"
      }
      env {
        name  = "PARTNER_URL"
        value = "https://api.partner.example/v2"
      }
    }
  }
}

resource "google_cloud_run_v2_service" "graphql_api" {
  name     = "graphql-api"
  location = var.region
  ingress  = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  template {
    timeout                          = "15s"
    max_instance_request_concurrency = 20
    scaling {
      min_instance_count = 20
      max_instance_count = 300
    }
    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = google_compute_network.shop.id
        subnetwork = google_compute_subnetwork.run.id
      }
    }
    containers {
      image = "europe-west1-docker.pkg.dev/shop/web/graphql-api:1.4"
      env {
        name  = "DB_HOST"
        value = google_sql_database_instance.shop.public_ip_address
      }
      env {
        name  = "DB_PORT"
        value = "3307"
      }
    }
  }
}
