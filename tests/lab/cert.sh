# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Certificates for a case: an authority of its own and what it signs, in D/tls.

# cert_authority [NAME]: D/tls/NAME.pem and .key; NAME is ca by default.
cert_authority()
{
	local name=${1:-ca}

	mkdir -p "$D/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=lab $name" -keyout "$D/tls/$name.key" -out "$D/tls/$name.pem" \
		>"$D/tls/log" 2>&1 || fail "no authority: $(tail -n 1 "$D/tls/log")"
}

# cert NAME SAN [AUTHORITY]: D/tls/NAME.pem, its key behind it; SAN as DNS:a.test,IP:192.0.2.1.
cert()
{
	local name=$1 san=$2 ca=${3:-ca}

	{
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$name" -keyout "$D/tls/$name.key" -out "$D/tls/$name.csr" &&
			printf 'subjectAltName=%s\n' "$san" >"$D/tls/$name.ext" &&
			openssl x509 -req -in "$D/tls/$name.csr" -days 2 -CAcreateserial \
				-CA "$D/tls/$ca.pem" -CAkey "$D/tls/$ca.key" \
				-extfile "$D/tls/$name.ext" -out "$D/tls/$name.pem"
	} >"$D/tls/log" 2>&1 || fail "no certificate: $(tail -n 1 "$D/tls/log")"
	cat "$D/tls/$name.key" >>"$D/tls/$name.pem"
}

# cert_shown HOST ADDRESS: the subject the edge's TLS port shows to HOST.
cert_shown()
{
	in_ns "$1" timeout 5 openssl s_client -connect "$2" </dev/null 2>/dev/null |
		openssl x509 -noout -subject 2>/dev/null
}
