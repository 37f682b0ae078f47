#!/usr/bin/env bash
# setup.sh FOLDER: a software Vulkan device that has shader-f16, which Chromium's own lacks. Unpacks Mesa's lavapipe from
# Debian's backports, and the Vulkan loader, into FOLDER; nothing is installed. For Dawn in Node:
#   VK_ICD_FILENAMES=FOLDER/icd.json LD_LIBRARY_PATH=FOLDER/lib
set -euo pipefail
mkdir -p "${1:?usage: setup.sh FOLDER}"
cd "$1"
folder=$PWD
[ -f icd.json ] && exit 0

mkdir -p apt/lists/partial apt/cache/archives/partial
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -n 1)
[ -n "$mirror" ] || { echo 'this is not Debian bookworm' >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" bookworm-backports "$keyring" "$mirror" bookworm > apt/sources.list
apt=(-o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache")
apt-get "${apt[@]}" update -qq
apt-get "${apt[@]}" download -qq mesa-vulkan-drivers/bookworm-backports libvulkan1
for package in ./*.deb; do dpkg-deb -x "$package" root; done
rm -- ./*.deb

mkdir -p lib
ln -sf "$(find "$folder/root" -name 'libvulkan.so.1.*' | head -n 1)" lib/libvulkan.so.1
driver=$(find "$folder/root" -name libvulkan_lvp.so)
# LLVM and the like come with Debian's chromium.
if ldd "$driver" | grep 'not found' >&2; then exit 1; fi
printf '{"file_format_version":"1.0.0","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$driver" > icd.json
