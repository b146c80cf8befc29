#!/bin/sh
# Makes a small operating system tree in /archive/tree: nothing that boots by itself, everything that
# `ostree admin deploy` asks of one (a kernel and its initramfs in usr/lib/modules/<version>, usr/etc, os-release).
set -eu

kernel=6.1.0-rota
tree=/archive/tree
mkdir -p "$tree"
cd "$tree"

mkdir -p boot dev proc run sys sysroot tmp usr/bin usr/etc usr/lib/modules/$kernel usr/sbin usr/share/rota var
ln -s usr/bin bin
ln -s usr/sbin sbin
ln -s usr/lib lib
ln -s sysroot/ostree ostree
for name in home opt root srv; do ln -s var/$name $name; done

echo "kernel of $MACHINE" > usr/lib/modules/$kernel/vmlinuz
echo "initramfs of $MACHINE" > usr/lib/modules/$kernel/initramfs.img
cat > usr/lib/os-release <<END
ID=$MACHINE-os
NAME="$MACHINE OS"
PRETTY_NAME="$MACHINE OS, build $H_BUILD"
VERSION="$H_BUILD"
VERSION_ID=$H_BUILD
END
ln -s ../lib/os-release usr/etc/os-release
echo "$MACHINE" > usr/etc/hostname
cp /repo/greeting usr/share/rota/greeting
echo "$H_PROJECT build $H_BUILD of $GIT_SHA" > usr/share/rota/build

echo "tree of $MACHINE, build $H_BUILD:"
find . -type f | sort
