#!/bin/sh
# Fills secrets/ with random values; what is there already stays. Needs openssl.
set -eu
umask 077
cd "$(dirname "$0")/secrets"

random() {
    openssl rand -hex 24
}

fernet_key() {
    # 32 bytes in the alphabet of URLs, as Fernet wants them.
    openssl rand -base64 32 | tr '+/' '-_'
}

if [ ! -e postgres-password ]; then
    printf '%s' "$(random)" > postgres-password
    echo "made secrets/postgres-password"
fi
if [ ! -e airflow.env ]; then
    cat > airflow.env.part << END
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:$(cat postgres-password)@postgres:5432/airflow
AIRFLOW__CORE__FERNET_KEY=$(fernet_key)
AIRFLOW__API__SECRET_KEY=$(random)
AIRFLOW__API_AUTH__JWT_SECRET=$(random)$(random)
END
    mv airflow.env.part airflow.env
    echo "made secrets/airflow.env"
fi
if [ ! -e passwords.json ]; then
    printf '{"admin": "%s"}' "$(random)" > passwords.json
    echo "made secrets/passwords.json: the password of the user admin"
fi
