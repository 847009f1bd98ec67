-- Orders and what happened to them.
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    status integer NOT NULL CHECK (status BETWEEN 100 AND 599),
    error text DEFAULT 'connection refused',
    client inet, -- 192.0.2.7
    created timestamptz NOT NULL DEFAULT '2026-05-04 09:15:30+00'
);
INSERT INTO orders (id, status, error) VALUES (1, 502, 'upstream timed out (110: Connection timed out)');
INSERT INTO orders (id, status, error) VALUES (2, 504, 'ER_CON_COUNT_ERROR');
SELECT elb_status_code, target_status_code FROM alb_logs WHERE elb_status_code >= 500 LIMIT 10;
