# Copyright (c) 2026 The jdcloud.cloud authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to resources once a call was accepted: transitions and the fates of what hangs on a machine.

No preconditions here: the operations check them, and "another user" may do what the operations would refuse.
"""

from __future__ import annotations

from jdcloud_emulator.state.cloud import NORMAL, Cloud, Outcome, Region
from jdcloud_emulator.state.model import PREPAID, Disk, ElasticIp, Image, ImageDisk, Instance, Interface, Resource, Slot, Snapshot

DEVICES = [f"vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"] + [
    f"vd{first}{second}" for first in "ab" for second in "abcdefghijklmnopqrstuvwxyz"
]
BIN_STATUS = "in-recyclebin"


def move_instance(cloud: Cloud, instance: Instance, via: str, to: str, seconds: float, outcome: Outcome = NORMAL) -> None:
    """Let a machine go through `via` to `to`; when it fails it ends in `error`."""
    cloud.move(
        instance,
        via,
        seconds,
        lambda _now: cloud.set_status(instance, to),
        lambda _now: cloud.set_status(instance, "error"),
        outcome,
    )


def stop(cloud: Cloud, instance: Instance, charge_on_stopped: str | None = None, outcome: Outcome = NORMAL) -> None:
    """running -> stopping -> stopped (fact states-power).

    `stopCharging` frees local data disks: what was on them is lost (fact charges-stop-charging-frees).
    """
    if charge_on_stopped:
        instance.charge_on_stopped = charge_on_stopped
    if instance.charge_on_stopped == "stopCharging" and any(slot.disk is None for slot in instance.data):
        instance.local_data_lost = True
    move_instance(cloud, instance, "stopping", "stopped", cloud.settings.stop_seconds, outcome)


def start(cloud: Cloud, instance: Instance, outcome: Outcome = NORMAL) -> None:
    """stopped -> starting -> running."""
    move_instance(cloud, instance, "starting", "running", cloud.settings.start_seconds, outcome)


def reboot(cloud: Cloud, instance: Instance, outcome: Outcome = NORMAL) -> None:
    """running -> rebooting -> running."""
    move_instance(cloud, instance, "rebooting", "running", cloud.settings.reboot_seconds, outcome)


def delete_instance(cloud: Cloud, instance: Instance, with_elastic_ips: bool = False, outcome: Outcome = NORMAL) -> None:
    """… -> deleting -> gone, or into the recycle bin where the account has one."""
    cloud.move(
        instance,
        "deleting",
        cloud.settings.delete_seconds,
        lambda _now: end_instance(cloud, instance, with_elastic_ips),
        lambda _now: cloud.set_status(instance, "error"),
        outcome,
    )


def end_instance(cloud: Cloud, instance: Instance, with_elastic_ips: bool = False) -> None:
    """The machine is gone, and with it what goes along."""
    if cloud.settings.instance_recycle_bin:
        # What becomes of disks and addresses in the bin is not known (fact deletions-recycle-bin): nothing changes.
        cloud.set_status(instance, cloud.settings.recycle_state)
        return
    for slot in instance.slots():
        if slot.disk is not None:
            _end_slot(cloud, instance, slot, slot.disk)
    for interface in instance.interfaces():
        _end_interface(cloud, instance, interface, with_elastic_ips)
    cloud.remove(instance)


def _end_slot(cloud: Cloud, instance: Instance, slot: Slot, disk: Disk) -> None:
    """A cloud disk dies with its machine if its attachment says so; prepaid data disks and shared disks never do.

    Facts disks-go-with-their-machine, disks-prepaid-stay and disks-shared-stay.
    """
    if slot.transition is not None:
        slot.transition.cancelled = True
    disk.attachments.pop(instance.id, None)
    prepaid_data = slot is not instance.system and disk.charge is not None and disk.charge.mode == PREPAID
    if not slot.auto_delete or disk.multi_attachable or prepaid_data:
        cloud.set_status(disk, "in-use" if disk.attachments else "available")
        return
    lag = cloud.settings.disk_deletion_lag_seconds
    if lag:
        _vanish(cloud, disk, lag, "error_delete")
    else:
        cloud.remove(disk)


def _end_interface(cloud: Cloud, instance: Instance, interface: Interface, with_elastic_ips: bool) -> None:
    """Addresses stay, unless the flag was given.

    Facts elastic-ips-interfaces, elastic-ips-secondary, elastic-ips-outlive-their-machine and elastic-ips-delete-flag.
    """
    address = interface.elastic_ip
    if interface is instance.primary or interface.auto_delete:
        if address is not None:
            unbind(cloud, address)
            prepaid = address.charge is not None and address.charge.unexpired_prepaid(cloud.wall())
            if with_elastic_ips and interface is instance.primary and not prepaid:
                cloud.remove(address)
        cloud.remove(interface)
    else:
        interface.instance_id = ""
        cloud.touch(interface)


def _vanish(cloud: Cloud, resource: Resource, seconds: float, error_status: str, outcome: Outcome = NORMAL) -> None:
    cloud.move(
        resource,
        "deleting",
        seconds,
        lambda _now: cloud.remove(resource),
        lambda _now: cloud.set_status(resource, error_status),
        outcome,
    )


def bind(cloud: Cloud, address: ElasticIp, interface: Interface) -> None:
    """Associate an elastic IP with an interface."""
    address.interface = interface
    interface.elastic_ip = address
    cloud.touch(address)


def unbind(cloud: Cloud, address: ElasticIp) -> None:
    """Release an elastic IP from its interface; it stays, and is billed."""
    cloud.touch(address)
    if address.interface is not None:
        address.interface.elastic_ip = None
        address.interface = None


# --- disks --------------------------------------------------------------------------------------------------------


def free_device(instance: Instance) -> str:
    """The first device name that no disk of the machine has."""
    taken = {slot.device for slot in instance.slots()}
    return next(device for device in DEVICES if device not in taken)


def attach(
    cloud: Cloud, instance: Instance, disk: Disk, device: str = "", auto_delete: bool = False, outcome: Outcome = NORMAL
) -> Slot:
    """attaching -> attached; the disk is in use from now on. `hang` and `fail` of the outcome hold for the attachment."""
    slot = Slot(device or free_device(instance), auto_delete, disk, status="attaching", attached=cloud.wall())
    instance.data.append(slot)
    disk.attachments[instance.id] = ("attaching", slot.attached)
    cloud.set_status(disk, "in-use")
    if not outcome.hang:
        end = "error_attach" if outcome.fail else "attached"
        wait = cloud.settings.attach_seconds if outcome.seconds is None else outcome.seconds
        slot.transition = cloud.schedule(wait, lambda _now: settle_attachment(cloud, instance, slot, end))
    return slot


def settle_attachment(cloud: Cloud, instance: Instance, slot: Slot, status: str = "attached") -> None:
    """Give an attachment its final state, in both views."""
    slot.status = status
    slot.transition = None
    if slot.disk is not None:
        slot.disk.attachments[instance.id] = ("attached" if status.startswith("error") else status, slot.attached)
        cloud.touch(slot.disk)


def detach(cloud: Cloud, instance: Instance, slot: Slot, disk: Disk, outcome: Outcome = NORMAL) -> None:
    """detaching -> gone from the machine's list; the disk becomes available."""
    slot.status = "detaching"
    disk.attachments[instance.id] = ("detaching", slot.attached)
    cloud.touch(disk)
    if outcome.hang:
        return
    wait = cloud.settings.detach_seconds if outcome.seconds is None else outcome.seconds
    if outcome.fail:
        slot.transition = cloud.schedule(wait, lambda _now: settle_attachment(cloud, instance, slot, "error_detach"))
    else:
        slot.transition = cloud.schedule(wait, lambda _now: end_attachment(cloud, instance, slot, disk))


def end_attachment(cloud: Cloud, instance: Instance, slot: Slot, disk: Disk) -> None:
    """Take a disk off a machine at once."""
    if slot is instance.system:
        instance.system = None
    elif slot in instance.data:
        instance.data.remove(slot)
    cloud.touch(disk)
    disk.attachments.pop(instance.id, None)
    cloud.set_status(disk, "in-use" if disk.attachments else "available")


def create_disk(cloud: Cloud, disk: Disk, outcome: Outcome = NORMAL) -> None:
    """creating -> available, or error_create."""
    cloud.add(disk)
    change_disk(cloud, disk, "creating", "error_create", cloud.settings.disk_create_seconds, outcome)


def change_disk(cloud: Cloud, disk: Disk, via: str, error_status: str, seconds: float, outcome: Outcome = NORMAL) -> None:
    """Through `via` back to available."""
    cloud.move(
        disk,
        via,
        seconds,
        lambda _now: cloud.set_status(disk, "available"),
        lambda _now: cloud.set_status(disk, error_status),
        outcome,
    )


def delete_disk(cloud: Cloud, disk: Disk, into_bin: bool = False, outcome: Outcome = NORMAL) -> None:
    """deleting -> gone, or into the recycle bin (fact disks-recycle-bin)."""
    if into_bin and disk.recyclable:
        disk.trashed = cloud.wall()
        cloud.set_status(disk, BIN_STATUS)
    else:
        _vanish(cloud, disk, cloud.settings.disk_delete_seconds, "error_delete", outcome)


# --- snapshots and images -----------------------------------------------------------------------------------------


def create_snapshot(cloud: Cloud, snapshot: Snapshot, seconds: float | None = None, outcome: Outcome = NORMAL) -> None:
    """creating -> available, or error_create."""
    cloud.add(snapshot)
    cloud.move(
        snapshot,
        "creating",
        cloud.settings.snapshot_seconds if seconds is None else seconds,
        lambda _now: cloud.set_status(snapshot, "available"),
        lambda _now: cloud.set_status(snapshot, "error_create"),
        outcome,
    )


def delete_snapshot(cloud: Cloud, snapshot: Snapshot, outcome: Outcome = NORMAL) -> None:
    """deleting -> gone."""
    _vanish(cloud, snapshot, cloud.settings.snapshot_delete_seconds, "error_delete", outcome)


def create_image(cloud: Cloud, image: Image, instance: Instance | None, outcome: Outcome = NORMAL) -> None:
    """pending -> (a middle state) -> ready, or error. The machine carries the task meanwhile (fact images-busy-machine)."""
    cloud.add(image)
    if instance is not None:
        instance.task = "create_image"
        cloud.touch(instance)
    seconds = cloud.settings.image_seconds if outcome.seconds is None else outcome.seconds
    middle = cloud.settings.image_middle_state
    if not middle or outcome.hang:
        cloud.move(
            image,
            "pending",
            seconds,
            lambda _now: end_image(cloud, image, instance, "ready"),
            lambda _now: end_image(cloud, image, instance, "error"),
            outcome,
        )
        return
    end = "error" if outcome.fail else "ready"

    def half_way(_now: float) -> None:
        cloud.set_status(image, middle)
        image.transition = cloud.schedule(seconds / 2, lambda _later: end_image(cloud, image, instance, end))

    cloud.move(image, "pending", seconds / 2, half_way, half_way)


def end_image(cloud: Cloud, image: Image, instance: Instance | None, status: str) -> None:
    """An image is ready, or failed: then its snapshots are removed (fact images-failure)."""
    if instance is not None:
        instance.task = ""
        cloud.touch(instance)
    for snapshot in snapshots_of(cloud, image):
        if status == "error":
            cloud.remove(snapshot)
        else:
            cloud.finish(snapshot)
    cloud.set_status(image, status)


def snapshots_of(cloud: Cloud, image: Image) -> list[Snapshot]:
    """The snapshots that an image consists of, as far as they exist."""
    known = cloud.regions[image.region].snapshots
    return [known[disk.snapshot_id] for disk in image.disks() if disk.snapshot_id in known]


def delete_image(cloud: Cloud, image: Image, with_snapshots: bool = False, outcome: Outcome = NORMAL) -> None:
    """deleting -> gone. The snapshots stay as ordinary ones, unless asked for (fact images-keep-snapshots)."""

    def gone(_now: float) -> None:
        for snapshot in snapshots_of(cloud, image):
            if with_snapshots:
                cloud.remove(snapshot)
            elif image.id in snapshot.images:
                snapshot.images.remove(image.id)
                cloud.touch(snapshot)
        cloud.remove(image)

    cloud.move(
        image,
        "deleting",
        cloud.settings.image_delete_seconds,
        gone,
        lambda _now: cloud.set_status(image, "error"),
        outcome,
    )


def snapshot_for_image(cloud: Cloud, region: Region, slot: Slot, disk: Disk, image_id: str, outcome: Outcome) -> ImageDisk:
    """Take the snapshot of one disk of an image; it is available when the image is ready, or earlier."""
    snapshot = Snapshot(
        kind="snapshots",
        id=cloud.new_id("snapshots"),
        region=region.name,
        name=f"{image_id}-{slot.device}",
        created=cloud.wall(),
        disk_id=disk.id,
        size_gb=disk.size_gb,
        encrypted=disk.encrypted,
        images=[image_id],
    )
    create_snapshot(cloud, snapshot, outcome=Outcome(hang=outcome.hang or outcome.fail))
    return ImageDisk(slot.device, slot.auto_delete, disk.disk_type, disk.size_gb, snapshot.id)
