#include "state/filesystem.h"

#include <errno.h>
#include <stddef.h>
#include <sys/vfs.h>

/* FUSE is not in the list: containers keep local file systems under it. */
const char *filesystem_network_name(uint32_t type) {
    static const struct {
        uint32_t type;
        const char *name;
    } table[] = {
        {0x6969, "NFS"},      {0x517B, "SMB"},       {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB2"},
        {0x01021997, "9P"},   {0x5346414F, "AFS"},   {0x6B414653, "kAFS"},   {0x73757245, "Coda"},
        {0x00C36400, "Ceph"}, {0x564C, "NCP"},       {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},
        {0x01161970, "GFS2"}, {0x7461636F, "OCFS2"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].type == type) {
            return table[i].name;
        }
    }
    return NULL;
}

bool filesystem_is_local(const char *directory, struct error *error) {
    struct statfs status;
    if (statfs(directory, &status) != 0) {
        return error_set_errno(error, EXIT_NO_INPUT, errno, "cannot examine %s", directory);
    }
    const char *name = filesystem_network_name((uint32_t)status.f_type);
    return name == NULL ||
           error_set(error, EXIT_CONFIG,
                     "%s is on %s, a network file system, where locks cannot be trusted; set "
                     "PHASEGATE_STATE to a directory on a local disk",
                     directory, name);
}
