"""Takes the node down so that nothing is left, whatever state it is in; only the built binaries stay."""

import shutil

from tests.cluster.progress import step

from . import cgroups, kernel, mounts, network, podlogs, processes, sockets
from .layout import layout

# From the one that would start pods again to the one that everything rests on.
ORDER = ("kubelet", "kube-scheduler", "kube-controller-manager", "kube-proxy", "kube-apiserver", "etcd")


def down() -> bool:
    """Take down what there is, and tell whether there was anything."""
    folder = layout().folder
    # Bridge, rules and control groups have the same names whichever user's node they serve.
    shared_are_ours = not processes.foreign_node(folder)
    shared_exist = network.bridge_exists() or cgroups.exist()
    if not (folder.exists() or processes.belonging_to(folder) or (shared_are_ours and shared_exist)):
        return False
    with step("stop the node"):
        # Found by their command lines, not by the records: those may be lost or from before a reboot.
        processes.kill(processes.belonging_to(folder, ("kubelet",)))
        processes.kill(processes.belonging_to(folder, ("containerd",)))
        pod_programs = processes.belonging_to(folder, processes.POD_PROGRAMS)
        shim_sockets = sockets.of(pod_programs)
        processes.kill(pod_programs)
        if shared_are_ours:
            cgroups.kill_all()
        for name in ORDER:
            processes.kill(processes.belonging_to(folder, (name,)))
    with step("clear mounts, network, rules, files"):
        mounts.unmount_below(folder)
        sockets.delete(shim_sockets)
        if shared_are_ours:
            network.delete_kubernetes_rules()
            network.delete_bridge()
            network.delete_cni_results()
            cgroups.delete()
            kernel.restore()
        podlogs.unlink(folder)
        if folder.exists():
            shutil.rmtree(folder)
    return True
