#!/usr/bin/env bash
# Installs what the manifests build on: Prometheus Operator, cert-manager,
# ingress-nginx, CloudNativePG and the MinIO Operator. Safe to run again.
# Needs helm 3, kubectl for a cluster of version 1.27 or later, and openssl.
set -euo pipefail
cd "$(dirname "$0")/.."

kubectl apply -f namespace.yaml

helm repo add prometheus-community https://prometheus-community.github.io/helm-charts
helm repo add jetstack https://charts.jetstack.io
helm repo add ingress-nginx https://kubernetes.github.io/ingress-nginx
helm repo add cnpg https://cloudnative-pg.github.io/charts
helm repo add minio-operator https://operator.min.io
helm repo update

# The password of Grafana's admin is made once and never written to a file.
if ! kubectl get secret grafana-admin --namespace monitoring >/dev/null 2>&1; then
  kubectl create secret generic grafana-admin --namespace monitoring \
    --from-literal=admin-user=admin \
    --from-literal=admin-password="$(openssl rand -hex 24)"
fi

# First, because the other charts bring ServiceMonitors.
helm upgrade --install kube-prometheus-stack prometheus-community/kube-prometheus-stack \
  --namespace monitoring --version 66.3.1 --values values/kube-prometheus-stack.yaml --wait

helm upgrade --install cert-manager jetstack/cert-manager \
  --namespace cert-manager --create-namespace --version v1.16.2 --values values/cert-manager.yaml --wait

helm upgrade --install ingress-nginx ingress-nginx/ingress-nginx \
  --namespace ingress-nginx --create-namespace --version 4.12.1 --values values/ingress-nginx.yaml --wait

helm upgrade --install cnpg cnpg/cloudnative-pg \
  --namespace cnpg-system --create-namespace --version 0.22.1 --wait

helm upgrade --install minio-operator minio-operator/operator \
  --namespace minio-operator --create-namespace --version 7.0.0 --wait
