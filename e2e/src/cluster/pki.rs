//! One small authority, the certificates it signs, and a token and kubeconfig for everybody who talks to the API server.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::layout::{API_SERVICE, Layout};
use crate::digest;

/// Who talks to the API server: file name, user name, groups.
const USERS: [(&str, &str, &str); 6] = [
    ("admin", "temper:admin", "system:masters"),
    ("kube-controller-manager", "system:kube-controller-manager", ""),
    ("kube-scheduler", "system:kube-scheduler", ""),
    ("kube-proxy", "system:kube-proxy", ""),
    ("coredns", "system:coredns", ""),
    ("kubelet", "system:node:", "system:nodes"),
];

/// Writes keys, certificates, tokens and kubeconfigs.
pub(super) fn issue(layout: &Layout) -> Result<()> {
    let authority = authority(layout)?;
    let node = layout.node_address().to_string();
    let names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let server = names
        .into_iter()
        .chain([API_SERVICE, "127.0.0.1", &node])
        .map(str::to_owned)
        .collect();
    sign(layout, &authority, "kube-apiserver", ("kube-apiserver", None), server)?;
    sign(
        layout,
        &authority,
        "kubelet",
        (&layout.node_name(), None),
        vec![layout.node_name(), node],
    )?;
    sign(
        layout,
        &authority,
        "kubelet-client",
        ("kube-apiserver-kubelet-client", Some("system:masters")),
        vec![],
    )?;

    let accounts = KeyPair::generate()?;
    secret(&layout.pki("service-accounts.key"), &accounts.serialize_pem())?;
    fs::write(layout.pki("service-accounts.pub"), accounts.public_key_pem())?;

    let mut tokens = String::new();
    for (file, user, groups) in USERS {
        let token = random()?;
        let user = if file == "kubelet" {
            format!("{user}{}", layout.node_name())
        } else {
            user.to_owned()
        };
        writeln!(tokens, "{token},{user},{user},\"{groups}\"")?;
        let target = if file == "admin" {
            layout.kubeconfig()
        } else {
            layout.pki(&format!("{file}.kubeconfig"))
        };
        secret(&target, &kubeconfig(layout, &user, &token))?;
    }
    secret(&layout.pki("tokens.csv"), &tokens)
}

fn authority(layout: &Layout) -> Result<Issuer<'static, KeyPair>> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, layout.full_name());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    fs::write(layout.pki("ca.crt"), params.self_signed(&key)?.pem())?;
    secret(&layout.pki("ca.key"), &key.serialize_pem())?;
    Ok(Issuer::new(params, key))
}

fn sign(
    layout: &Layout,
    authority: &Issuer<'_, KeyPair>,
    file: &str,
    (name, organisation): (&str, Option<&str>),
    addresses: Vec<String>,
) -> Result<()> {
    let key = KeyPair::generate()?;
    let client = addresses.is_empty();
    let mut params = CertificateParams::new(addresses)?;
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(organisation) = organisation {
        params.distinguished_name.push(DnType::OrganizationName, organisation);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![if client {
        ExtendedKeyUsagePurpose::ClientAuth
    } else {
        ExtendedKeyUsagePurpose::ServerAuth
    }];
    params.use_authority_key_identifier_extension = true;
    fs::write(
        layout.pki(&format!("{file}.crt")),
        params.signed_by(&key, authority)?.pem(),
    )?;
    secret(&layout.pki(&format!("{file}.key")), &key.serialize_pem())
}

fn kubeconfig(layout: &Layout, user: &str, token: &str) -> String {
    include_str!("../../cluster/config/kubeconfig.yaml")
        .replace("@CLUSTER@", &layout.full_name())
        .replace("@SERVER@", &layout.server())
        .replace("@CA@", &layout.pki("ca.crt").display().to_string())
        .replace("@USER@", user)
        .replace("@TOKEN@", token)
}

fn random() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(digest::hex(&bytes))
}

/// Writes what only root may read.
fn secret(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("failed to write `{}`", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
