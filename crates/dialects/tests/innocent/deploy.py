"""Waits until the new version answers."""
import socket
import time


def wait(host: str, port: int) -> None:
    for attempt in range(30):
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except ConnectionRefusedError as error:
            print(f"attempt {attempt}: {error}")  # [Errno 111] Connection refused
        time.sleep(1)
    raise TimeoutError("psycopg2.OperationalError: FATAL:  sorry, too many clients already")


STATUS = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
