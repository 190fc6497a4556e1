#!/usr/bin/env bash
# Applies the manifests in the order of the checklist. Run install-operators.sh
# first. Every step may be repeated.
set -euo pipefail
cd "$(dirname "$0")/.."

kubectl apply -f namespace.yaml
# Read by the database backups before MinIO itself is there.
kubectl apply -f infrastructure/03-minio/credentials.yaml

# Infrastructure
kubectl apply -f infrastructure/01-postgresql/
kubectl apply -f infrastructure/02-redis/
kubectl apply -f infrastructure/03-minio/
kubectl apply -f infrastructure/04-networking/networkpolicies.yaml
kubectl apply -f infrastructure/04-networking/cluster-issuer.yaml
kubectl wait --for=condition=Ready cluster/matrix-postgresql cluster/matrix-postgresql-li -n matrix --timeout=15m
kubectl rollout status statefulset/redis -n matrix --timeout=10m
kubectl wait --for=condition=complete job/python-wheels -n matrix --timeout=15m

# Core services
kubectl apply -f main-instance/01-synapse/
kubectl rollout status statefulset/synapse-main -n matrix --timeout=10m
kubectl apply -f main-instance/02-haproxy/
kubectl rollout status deployment/haproxy -n matrix --timeout=5m
kubectl apply -f main-instance/03-worker/
kubectl apply -f main-instance/08-key-vault/
kubectl wait --for=condition=complete job/key-vault-initdb -n matrix --timeout=10m

# Auxiliary services
kubectl apply -f antivirus/01-clamav/
kubectl rollout status deployment/clamav -n matrix --timeout=20m
kubectl apply -f antivirus/02-scan-workers/
kubectl apply -f main-instance/04-livekit/
kubectl apply -f main-instance/07-element-web/
kubectl apply -f main-instance/05-coturn/

# LI instance
kubectl apply -f li-instance/01-synapse/
kubectl rollout status statefulset/synapse-li -n matrix --timeout=10m
kubectl apply -f li-instance/04-sync-system/
kubectl wait --for=condition=complete job/sync-system-setup-replication -n matrix --timeout=10m
kubectl apply -f li-instance/02-workers/

# Monitoring
kubectl apply -f monitoring/01-prometheus/
kubectl apply -f monitoring/02-grafana/
