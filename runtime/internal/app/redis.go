package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/runtime/internal/infra/redisstore"
)

// maxCredential bounds a file with a user name or a password, in bytes.
const maxCredential = 4096

// redisOptions says where Redis is. Files that must be there are read once, to
// find out now; the password and the client's certificate are read again for
// each connection.
func redisOptions(c v1alpha1.Redis) (redisstore.Options, error) {
	options := redisstore.Options{
		Topology: redisstore.Topology(c.Topology), Addresses: c.Addresses, MasterName: c.MasterName,
		Database: c.Database, Username: c.Username, Prefix: c.KeyPrefix,
	}
	var errs []error
	if c.UsernameFile != "" {
		name, err := readCredential(c.UsernameFile)
		switch {
		case err == nil:
			options.Username = name
		case !errors.Is(err, os.ErrNotExist): // then it is the default user's password
			errs = append(errs, fmt.Errorf("redis user name: %w", err))
		}
	}
	if c.PasswordFile != "" {
		options.Password = func() (string, error) { return readCredential(c.PasswordFile) }
		if _, err := options.Password(); err != nil {
			errs = append(errs, fmt.Errorf("redis password: %w", err))
		}
	}
	if c.TLS != nil {
		settings, err := redisTLS(*c.TLS)
		if err != nil {
			errs = append(errs, fmt.Errorf("redis TLS: %w", err))
		}
		options.TLS = settings
	}
	return options, errors.Join(errs...)
}

// readCredential reads a file without the newline at its end.
func readCredential(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxCredential+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxCredential {
		return "", fmt.Errorf("%s has more than %d bytes", path, maxCredential)
	}
	return string(bytes.TrimRight(data, "\r\n")), nil
}

func redisTLS(c v1alpha1.RedisTLS) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", c.CAFile)
		}
	}
	if c.CertFile == "" {
		return settings, nil
	}
	settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		return &pair, err
	}
	_, err := settings.GetClientCertificate(nil)
	return settings, err
}
