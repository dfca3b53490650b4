//! A real Kubernetes cluster on this machine, the images that run in it, and what the behaviours need to drive both.
//!
//! ```text
//! tools ──builds──▶ kube-apiserver, kubelet, kubectl, helm, …      once, cached outside the work tree
//! images ─builds──▶ OCI archives ──imports──▶ containerd           cached by the content of their inputs
//! cluster ─starts─▶ etcd … kubelet in namespaces of their own ──▶ KUBECONFIG
//! ```
//!
//! With `CLUSTER=external` the cluster is the one that `KUBECONFIG` names: nothing here starts it, and what
//! `TEMPER_LOAD_IMAGE` says loads images into it.

#![allow(
    clippy::large_futures,
    reason = "a test waits; where its futures lie makes no difference"
)]

pub mod audit;
pub mod bed;
pub mod cluster;
pub mod faults;
pub mod field;
pub mod footprint;
pub mod images;
pub mod neighbours;
pub mod operator;
pub mod pods;
pub mod provisioner;
pub mod recordings;
pub mod search;
pub mod temper;
pub mod tools;
pub mod traces;
pub mod wait;

mod command;
mod digest;
mod lock;
