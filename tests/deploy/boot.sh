# boot.sh ROOT: started in namespaces of its own, makes ROOT the machine's root and becomes its systemd.
set -euo pipefail
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
# The settings of the kernel are this machine's too.
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do touch "$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name"; done
ln -s /proc/self/fd "$root/dev/fd" && ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=755 run "$root/run"
cd "$root" && pivot_root . mnt && umount -l /mnt
# As on a machine that boots: what systemd mounts for one service, as its credentials, is seen by it.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin setpriv --bounding-set -sys_module,-sys_time,-sys_rawio \
  /lib/systemd/systemd --system --show-status=no
