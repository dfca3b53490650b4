// Command coredns serves cluster DNS for the local cluster: CoreDNS with only the plugins that a cluster needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

// A query passes through the plugins in this order.
func init() { dnsserver.Directives = []string{"errors", "ready", "cache", "kubernetes"} }

func main() { coremain.Run() }
