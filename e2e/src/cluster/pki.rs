//! One small authority, the certificates it signs, and a token and kubeconfig for everybody who talks to the API server.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::accounts;
use super::layout::{API_SERVICE, Layout};
use crate::digest;

/// Who talks to the API server beside the administrator and the kubelets: kubeconfig and user name.
const USERS: [(&str, &str); 6] = [
    ("kube-controller-manager.kubeconfig", "system:kube-controller-manager"),
    ("kube-scheduler.kubeconfig", "system:kube-scheduler"),
    ("kube-proxy.kubeconfig", "system:kube-proxy"),
    ("coredns.kubeconfig", accounts::DNS),
    ("kube-router.kubeconfig", accounts::POLICY_ENGINE),
    ("provisioner.kubeconfig", accounts::PROVISIONER),
];

/// Writes keys, certificates, tokens and kubeconfigs.
pub(super) fn issue(layout: &Layout) -> Result<()> {
    let authority = authority(layout)?;
    let names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let address = layout.first().address().to_string();
    let server = names
        .into_iter()
        .chain([API_SERVICE, "127.0.0.1", &address])
        .map(str::to_owned)
        .collect();
    sign(
        &authority,
        ("kube-apiserver", None),
        server,
        [layout.pki("kube-apiserver.crt"), layout.pki("kube-apiserver.key")],
    )?;
    sign(
        &authority,
        ("kube-apiserver-kubelet-client", Some("system:masters")),
        vec![],
        [layout.pki("kubelet-client.crt"), layout.pki("kubelet-client.key")],
    )?;
    for node in layout.nodes() {
        sign(
            &authority,
            (&node.name(), None),
            vec![node.name(), node.address().to_string()],
            [node.pki("kubelet.crt"), node.pki("kubelet.key")],
        )?;
    }

    let signer = KeyPair::generate()?;
    secret(&layout.pki("service-accounts.key"), &signer.serialize_pem())?;
    fs::write(layout.pki("service-accounts.pub"), signer.public_key_pem())?;

    let mut tokens = String::new();
    let mut admit = |kubeconfig: &Path, user: &str, groups: &str| -> Result<()> {
        let token = random()?;
        writeln!(tokens, "{token},{user},{user},\"{groups}\"")?;
        secret(kubeconfig, &self::kubeconfig(layout, user, &token))
    };
    admit(&layout.kubeconfig(), "temper:admin", "system:masters")?;
    for (file, user) in USERS {
        admit(&layout.pki(file), user, "")?;
    }
    for node in layout.nodes() {
        let user = format!("system:node:{}", node.name());
        admit(&node.pki("kubelet.kubeconfig"), &user, "system:nodes")?;
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

/// Signs for a server at `addresses`, or for a client where there are none.
fn sign(
    authority: &Issuer<'_, KeyPair>,
    (name, organisation): (&str, Option<&str>),
    addresses: Vec<String>,
    [certificate, private]: [PathBuf; 2],
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
    fs::write(certificate, params.signed_by(&key, authority)?.pem())?;
    secret(&private, &key.serialize_pem())
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
