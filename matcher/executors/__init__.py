"""Child processes under watch: arrays in, arrays out, no pickle."""
